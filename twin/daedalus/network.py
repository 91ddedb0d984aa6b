"""The recurrent network: from where a process is and what drives it, how its outputs move.

The outputs at the beginning and the settings then become a *context* that each step hears; what drives the process
comes as differences from its beginning. What the network tells is how far the outputs have moved, and at the beginning
that is nothing, whatever it has learned: a forecast never jumps.
"""

import torch
from torch import Tensor, nn

from twin.daedalus.scaling import Scaling


class Recurrence(nn.Module):
    """A gated recurrent unit between an encoder of the beginning and a decoder of movements."""

    begin_middle: Tensor
    begin_spread: Tensor
    drive: Tensor
    move: Tensor

    def __init__(self, scaling: Scaling, hidden: int, context: int) -> None:
        super().__init__()
        for name in ("begin_middle", "begin_spread", "drive", "move"):
            self.register_buffer(name, torch.tensor(getattr(scaling, name), dtype=torch.float32))
        begins, drives, moves = len(scaling.begin_middle), len(scaling.drive), len(scaling.move)
        self.encode = nn.Linear(begins, 2 * hidden)
        self.describe = nn.Linear(2 * hidden, context)
        self.awake = nn.Linear(context, hidden)
        self.recur = nn.GRU(drives + context, hidden, batch_first=True)
        self.decode = nn.Linear(hidden + drives + context, 2 * hidden)
        self.move_by = nn.Linear(2 * hidden, moves, bias=False)

    def forward(self, begin: Tensor, drive: Tensor, at: Tensor) -> Tensor:
        """How the outputs have moved at some steps, in spreads of `Scaling.move`; shape (windows, len(at), outputs).

        Parameters
        ----------
        begin
            Outputs, then inputs, at the beginning; shape (windows, outputs + inputs).
        drive
            Means, then levels, less those at the beginning; shape (windows, steps, 2 * varied).
        at
            Which steps are told.
        """
        scaled = (begin - self.begin_middle) / self.begin_spread
        described = torch.tanh(self.describe(torch.tanh(self.encode(scaled))))
        first = torch.tanh(self.awake(described))
        heard = torch.cat([drive / self.drive, described[:, None].expand(-1, drive.shape[1], -1)], dim=2)
        states, _ = self.recur(heard, first[None].contiguous())
        still = torch.cat([first, torch.zeros_like(drive[:, 0]), described], dim=1)
        moved: Tensor = self._decoded(torch.cat([states[:, at], heard[:, at]], dim=2)) - self._decoded(still)[:, None]
        return moved

    def _decoded(self, features: Tensor) -> Tensor:
        decoded: Tensor = self.move_by(torch.tanh(self.decode(features)))
        return decoded
