"""One layer of the decoder and the state it carries from chunk to chunk."""

import torch
from torch import Tensor, nn


class GatedLayer(nn.Module):
    """Causal dilated convolution of two taps, gated activation unit, residual connection.

    z = tanh(filter) * sigmoid(gate), van den Oord et al. 2016, eq. 2; the global conditioning vector is
    added before both non-linearities (eq. 3). Filter and gate have `gate_channels` each; the taps lie
    `dilation` frames apart. The last layer's residual output feeds nothing and is left out.
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

        The input x is [time, batch, residual], the bias of filter and gate [time or 1, batch, 2 * gate] and
        the past [dilation, batch, residual]; None is zeros. Gives residual output [time, batch, residual],
        gated output [time, batch, gate] and the new past.
        """
        if past is None:
            past = x.new_zeros(self.dilation, *x.shape[1:])
        padded = torch.cat([past, x])
        h = self.taps(torch.cat([padded[: len(x)], x], -1)) + bias
        filters, gates = h.chunk(2, -1)
        z = torch.tanh(filters) * torch.sigmoid(gates)
        out = x if self.residual is None else x + self.residual(z)
        return out, z, padded[-self.dilation :]
