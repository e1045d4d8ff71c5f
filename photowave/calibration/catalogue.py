"""Lists what stands behind the textures of a codebook."""

from torch import Tensor

from photowave.model import Catalogue, Origin
from photowave.names import legible
from photowave.pairs.split_data import SplitData


def list_origins(train: SplitData, owners: Tensor) -> Catalogue:
    """Name the recordings of the training split, and say which of them each texture comes from.

    Args:
        train: The training split.
        owners: The recording of each texture, [codebook].
    """
    rate = train.bank.audio.sample_rate
    listed = zip(train.bank.recordings, train.pairing.sound_scenes, train.pairing.credits, strict=True)
    return Catalogue(
        recordings=tuple(
            Origin(
                name=legible(recording.path.name),
                place=legible(scene or recording.path.stem),
                seconds=round(len(recording.samples) / rate, 2),
                licence=credit.licence,
                author=credit.author,
                source=credit.source,
            )
            for recording, scene, credit in listed
        ),
        owners=tuple(owners.tolist()),
    )
