"""EfficientNet-Lite0, the default photo encoder, in plain torch: importing torchvision takes seconds.

EfficientNet (Tan and Le 2019, arXiv:1905.11946) without squeeze-and-excitation, with ReLU6 and with stem and
head of fixed width, as Google published it for small devices.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Per stage: repeats, kernel, stride of the first block, expansion, output channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM_CHANNELS = 32
_HEAD_CHANNELS = 1280


class SamePadding(nn.Module):
    """Zeros around a strided convolution, as TensorFlow's `SAME` lays them.

    The output has ceil(size / stride) places. Where the zeros cannot be shared evenly, right and bottom get
    one more; torch's own padding would put it left and top, and the trained kernels would be off by a pixel.
    """

    def __init__(self, *, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Lay zeros around [batch, channels, height, width]."""
        height, width = (self._zeros(size) for size in x.shape[-2:])
        return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))

    def _zeros(self, size: int) -> int:
        return max((-(-size // self.stride) - 1) * self.stride + self.kernel_size - size, 0)


class InvertedResidual(nn.Module):
    """Expand, convolve each channel, project; with the input added where shapes allow.

    Sandler et al. 2018 (MobileNetV2), arXiv:1801.04381.
    """

    def __init__(
        self, *, in_channels: int, out_channels: int, kernel_size: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        hidden = in_channels * expansion
        self.adds_input = stride == 1 and in_channels == out_channels
        self.expand = _convolution(in_channels, hidden, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _padded_convolution(hidden, hidden, kernel_size, stride=stride, groups=hidden)
        self.project = _convolution(hidden, out_channels, 1, activation=False)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] to [batch, out_channels, height / stride, width / stride]."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.adds_input else y


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0: 4.65 million weights, made for 224 pixels, works at any size from 32 on."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _padded_convolution(3, _STEM_CHANNELS, 3, stride=2)
        blocks: list[nn.Module] = []
        channels = _STEM_CHANNELS
        for repeats, kernel_size, first_stride, expansion, out_channels in _STAGES:
            for repeat in range(repeats):
                block = InvertedResidual(
                    in_channels=channels,
                    out_channels=out_channels,
                    kernel_size=kernel_size,
                    stride=first_stride if repeat == 0 else 1,
                    expansion=expansion,
                )
                blocks.append(block)
                channels = out_channels
        self.blocks = nn.Sequential(*blocks)
        self.head = _convolution(channels, _HEAD_CHANNELS, 1)
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(_HEAD_CHANNELS, 1000)

    def features(self, x: Tensor) -> Tensor:
        """Normalised pixels [batch, 3, height, width] to the feature map [batch, 1280, rows, columns]."""
        y: Tensor = self.head(self.blocks(self.stem(x)))
        return y

    def forward(self, x: Tensor) -> Tensor:
        """Normalised pixels [batch, 3, height, width] to logits [batch, classes]."""
        y: Tensor = self.classifier(self.dropout(self.features(x).mean(dim=(2, 3))))
        return y


class NormalisedConvolution(nn.Sequential):
    """Convolution, batch normalisation and, where it is given, ReLU6.

    In evaluation, where the normalisation is a fixed scale and shift, these are laid into the convolution's
    weights, which saves a pass over all places.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] to [batch, out_channels, rows, columns]."""
        convolution, norm, *activation = self
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        if norm.training or norm.running_var is None or norm.running_mean is None:
            x = norm(convolution(x))
        else:
            scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
            weight = convolution.weight * scale[:, None, None, None]
            shift = norm.bias - norm.running_mean * scale
            x = F.conv2d(
                x,
                weight,
                shift,
                convolution.stride,
                convolution.padding,
                convolution.dilation,
                convolution.groups,
            )
        for layer in activation:
            x = layer(x)
        return x


def _convolution(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    stride: int = 1,
    groups: int = 1,
    activation: bool = True,
) -> NormalisedConvolution:
    """Convolution, batch normalisation and ReLU6; zeros keep the size at stride 1, others have none."""
    layers: list[nn.Module] = [
        nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=(kernel_size - 1) // 2 if stride == 1 else 0,
            groups=groups,
            bias=False,
        ),
        nn.BatchNorm2d(out_channels, eps=1e-3, momentum=0.01),
    ]
    return NormalisedConvolution(*layers, *([nn.ReLU6(inplace=True)] if activation else []))


def _padded_convolution(
    in_channels: int, out_channels: int, kernel_size: int, *, stride: int, groups: int = 1
) -> nn.Sequential:
    # Only a stride makes `SAME` uneven; without one torch's own padding is the same and costs no copy.
    return nn.Sequential(
        SamePadding(kernel_size=kernel_size, stride=stride) if stride > 1 else nn.Identity(),
        _convolution(in_channels, out_channels, kernel_size, stride=stride, groups=groups),
    )
