"""How images become rows: the label code, its table, its strength."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.axes.label_code import AnyLabelCode
from trainer.blocks.forms import Form
from trainer.nets.rows import Labelled, Plain, Rows, with_neutral


@dataclass(frozen=True)
class Coder:
    """Images come as (B, H·W·C), channel last; rows leave as the first layer takes them."""

    code: AnyLabelCode
    classes: int
    strength: float
    image: tuple[int, int, int]
    """Height, width and channels."""
    form: Form
    """In which form images enter the net."""
    table: Tensor
    """(K, *entry): the code's entries; where they learn, layer 1's own tensor."""

    @property
    def label_place(self) -> slice:
        """Columns or channels of a coded row that the label fills."""
        return self.code.places(self.form.shape(self.image), self.classes)[0]

    def plain(self, x: Tensor) -> Plain:
        """Images without a label."""
        return Plain(self._shaped(x))

    def labelled(self, x: Tensor, labels: Tensor) -> Labelled:
        """Images under labels (J, B); label K is the neutral one."""
        image = self._shaped(x)
        label_place, image_place = self.code.places(tuple(image.shape[1:]), self.classes)
        gain = image.new_full((len(x), 1), self.strength)
        table = with_neutral(self.table)
        return Labelled(self.code.image(image, self.classes), gain, labels, table, label_place, image_place)

    def every_label(self, x: Tensor) -> Labelled:
        """Images under each of the K labels."""
        labels = torch.arange(self.classes, device=x.device)[:, None].expand(-1, len(x))
        return self.labelled(x, labels)

    def neutral(self, x: Tensor) -> Rows:
        """Images under the label that says nothing; as they are where no label enters, or a window just ends."""
        if not self.code.carries_label or self.code.kind == "next":
            return self.plain(x)
        return self.labelled(x, x.new_full((1, len(x)), self.classes, dtype=torch.long))

    def _shaped(self, x: Tensor) -> Tensor:
        """In the form in which the net takes them."""
        return self.form.shaped(x, self.image)
