// What the maze is papered with: small pictures that are painted here.
import { CanvasTexture, SRGBColorSpace } from "three";

function paint(width: number, height: number, draw: (pen: CanvasRenderingContext2D) => void): CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  draw(canvas.getContext("2d")!);
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  texture.anisotropy = 4;
  return texture;
}

/** Planks, two metres of them. */
export function floorPattern(colour: string): CanvasTexture {
  return paint(256, 256, (pen) => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 256, 256);
    for (let plank = 0; plank < 8; plank++) {
      pen.fillStyle = `rgba(0, 0, 0, ${0.03 + ((plank * 5) % 8) * 0.014})`;
      pen.fillRect(0, plank * 32, 256, 32);
      pen.fillStyle = "rgba(0, 0, 0, 0.28)";
      pen.fillRect(0, plank * 32, 256, 1);
      pen.fillRect((plank * 101) % 256, plank * 32, 1, 32);
    }
  });
}

/** The light around a picture that sounds. */
export function glow(colour: string): CanvasTexture {
  return paint(128, 128, (pen) => {
    const light = pen.createRadialGradient(64, 64, 20, 64, 64, 64);
    light.addColorStop(0, colour);
    light.addColorStop(1, `${colour}00`);
    pen.fillStyle = light;
    pen.fillRect(0, 0, 128, 128);
  });
}

/** A small plate with a name. */
export function plaque(name: string): CanvasTexture {
  return paint(384, 64, (pen) => {
    pen.fillStyle = "#f7f4ec";
    pen.fillRect(0, 0, 384, 64);
    pen.fillStyle = "#22303a";
    pen.font = "30px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(name, 192, 34, 360);
  });
}
