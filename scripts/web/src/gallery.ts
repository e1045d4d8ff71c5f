// The gallery: photos with their sounds, spectrograms, places and credits, from the data inside the page.
import { percent, placeName } from "./api";
import { byId, make } from "./dom";
import { creditOf, type Gallery, type GalleryPhoto, photoCreditOf } from "./walk/gallery-data";

const PLACES = 4; // shown of each photo

function card(photo: GalleryPhoto, index: number): HTMLElement {
  const id = `photo-${index + 1}`;
  const places = photo.heard.slice(0, PLACES).map(({ place, probability }) => {
    const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
    (bar.firstChild as HTMLElement).style.transform = `scaleX(${probability})`;
    return make("li", {}, make("span", {}, placeName(place)), make("span", { class: "share" }, percent(probability)), bar);
  });
  const credit = creditOf(photo);
  return make(
    "article",
    { class: "card exhibit", "aria-labelledby": id },
    make("img", { src: photo.photo, alt: `Photo: ${photo.name}`, width: photo.width, height: photo.height, loading: "lazy" }),
    make("h2", { id }, photo.name),
    make("audio", { src: photo.sound, controls: true, loop: true, preload: "none", "aria-label": `Sound of ${photo.name}` }),
    // The bars say the same, unless the photo is of no place that the model knows.
    ...(photo.words.startsWith(photo.heard[0]?.place ?? "") ? [] : [make("p", { class: "quiet" }, photo.words)]),
    make("ul", { class: "heard", "aria-label": `Places heard in ${photo.name}` }, ...places),
    make("img", { src: photo.spectrogram, alt: `Spectrogram of the sound of ${photo.name}`, class: "picture-of-sound", loading: "lazy" }),
    ...[photoCreditOf(photo), credit && `Sound learned from ${credit}`]
      .filter(Boolean)
      .map((words) => make("p", { class: "credit" }, make("small", {}, words))),
  );
}

const gallery = JSON.parse(byId("gallery-data").textContent) as Gallery;
document.title = gallery.title;
byId("title").textContent = gallery.title;
byId("photos").append(...gallery.photos.map(card));
// One sound at a time.
document.addEventListener(
  "play",
  ({ target }) => {
    for (const other of document.querySelectorAll("audio")) if (other !== target) other.pause();
  },
  true, // media events do not bubble
);
document.body.dataset.ready = "true";
