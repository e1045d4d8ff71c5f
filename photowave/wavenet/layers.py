"""One layer of the decoder and the state it carries from chunk to chunk."""

import torch
from torch import Tensor, nn


class GatedLayer(nn.Module):
    """Causal dilated convolution of two taps, gated activation unit, residual connection.

    z = tanh(filter) * sigmoid(gate), van den Oord et al. 2016, eq. 2; the global conditioning vector is
    added before both non-linearities (eq. 3).

    Args:
        residual_channels: Channels of input and output.
        gate_channels: Channels of the filter, and as many of the gate.
        dilation: Distance between the two taps, in frames.
        last: The last layer's residual output feeds nothing and is left out.
    """

    def __init__(self, *, residual_channels: int, gate_channels: int, dilation: int, last: bool = False):
        super().__init__()
        self.dilation = dilation
        self.taps = nn.Linear(2 * residual_channels, 2 * gate_channels)
        self.residual = None if last else nn.Linear(gate_channels, residual_channels)

    def forward(self, x: Tensor, bias: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Run the layer over a chunk.

        ::

            past  [ d frames ][          x: time frames          ]
            older [ first `time` of them             ]
            newer             [ last `time` of them              ]

        Args:
            x: [time, batch, residual].
            bias: What conditioning adds to filter and gate, [time or 1, batch, 2 * gate].
            past: The `dilation` frames before, [dilation, batch, residual]; None is nothing (zeros).

        Returns:
            Residual output [time, batch, residual], gated output [time, batch, gate], and the new past.
        """
        if past is None:
            past = x.new_zeros(self.dilation, *x.shape[1:])
        padded = torch.cat([past, x])
        h = self.taps(torch.cat([padded[: len(x)], x], -1)) + bias
        filters, gates = h.chunk(2, -1)
        z = torch.tanh(filters) * torch.sigmoid(gates)
        out = x if self.residual is None else x + self.residual(z)
        return out, z, padded[-self.dilation :]
