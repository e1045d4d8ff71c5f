"""From a photo, or what a user says instead, to the voices that are drawn."""

from functools import partial

import torch
from torch import Tensor

from photowave.checkpoint import LoadedModel
from photowave.errors import CheckpointError, ConfigError, MediaError
from photowave.generation.choosing import Choice, TextureChooser
from photowave.generation.hearing import Hearing, hear
from photowave.generation.likeness import measure_recording
from photowave.generation.randomness import Purpose, UniformStream
from photowave.generation.reading import PhotoReading, SeenPhoto, Voice, mixed_seed, small
from photowave.image import PhotoEncoder, PhotoSource, build_encoder, photo_sha256, read_photo
from photowave.image.source import held, photo_name
from photowave.model import TextureConditioner
from photowave.settings import DrawSettings, SteerSettings


class PhotoReader:
    """Reads photos for a model.

    Args:
        loaded: The model.
        device: Where its weights lie.
    """

    def __init__(self, loaded: LoadedModel, *, device: torch.device):
        self._loaded, self._model, self._device = loaded, loaded.model, device
        self._encoder: PhotoEncoder | None = None

    @property
    def encoder(self) -> PhotoEncoder:
        """The photo encoder, built when first needed.

        Raises:
            CheckpointError: It is not the one the model was trained with.
        """
        if self._encoder is None:
            encoder = build_encoder(self._model.config.image)
            if encoder.fingerprint != self._loaded.encoder_fingerprint:
                raise CheckpointError(
                    f"{self._loaded.path.name} was trained with another photo encoder (fingerprint "
                    f"{self._loaded.encoder_fingerprint[:12]}, here {encoder.fingerprint[:12]}). "
                    "Install the encoder weights it was trained with, or train the model again."
                )
            self._encoder = encoder
        return self._encoder

    @property
    def places(self) -> list[str]:
        """Places that can be drawn by name, sorted."""
        known = isinstance(self._model.conditioner, TextureConditioner)
        return TextureChooser(self._model).places if known else []

    @torch.no_grad()
    def see(self, photo: PhotoSource) -> SeenPhoto:
        """Look at a photo once, for any number of readings; the large picture is let go.

        Raises:
            MediaError: The photo cannot be read.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        again = held(photo)
        image = read_photo(again)
        features = self.encoder.encode([image]).to(self._device)
        return SeenPhoto(
            features,
            hear(self._model, features, scores=len(self.encoder.places)),
            name=photo_sha256(image),
            sha256=photo_sha256(again),
            picture=small(image),
        )

    @torch.no_grad()
    def read(
        self, photo: PhotoSource | SeenPhoto | None, settings: DrawSettings, steering: SteerSettings
    ) -> PhotoReading:
        """Read a photo into what drawing needs of it.

        Args:
            photo: None if `steering` says all.
            settings: Only `seed` and `variation` are used.
            steering: What overrules the photo.

        Raises:
            MediaError: The photo or the recording cannot be read, or the photo shows no place that is known
                and that is asked for.
            ConfigError: The model knows no such place, or cannot be steered.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        if photo is None:
            if not steering.without_photo:
                raise ConfigError("there is no photo: name one, or give place, blend or like.")
            name = ",".join(f"{place}:{share:.6g}" for place, share in steering.shares.items()) or "like"
            voices, turns = self._voices(name, None, settings, steering)
            recording = {} if steering.like is None else {"like_sha256": photo_sha256(steering.like)}
            return PhotoReading(
                voices,
                turns,
                hearing=Hearing(),
                sha256=None,
                picture=None,
                steered={**steering.told(), **recording},
                seed=settings.seed,
                variation=settings.variation,
            )
        if steering.like is not None:
            raise ConfigError("like is given beside a photo: it is drawn instead of one. Leave out either.")
        seen = photo if isinstance(photo, SeenPhoto) else self.see(photo)
        if steering.strict and not seen.hearing.is_known and not steering.without_photo:
            told = "the photo" if isinstance(photo, SeenPhoto) else photo_name(photo)
            raise MediaError(
                f"{told} shows no place that the model knows; the nearest is "
                f"{next(iter(seen.hearing.places))}. Leave out strict to draw it all the same."
            )
        return PhotoReading(
            *self._voices(seen.name, seen.features, settings, steering),
            hearing=seen.hearing,
            sha256=seen.sha256,
            picture=seen.picture,
            steered=steering.told(),
            seed=settings.seed,
            variation=settings.variation,
        )

    def _voices(
        self, name: str, features: Tensor | None, settings: DrawSettings, steering: SteerSettings
    ) -> tuple[tuple[Voice, ...], int | None]:
        """Voices, and how many variations there are; chance follows from `name`."""
        conditioner = self._model.conditioner
        seed = mixed_seed(name, seed=settings.seed)
        if not isinstance(conditioner, TextureConditioner):
            if features is None or steering.told():
                raise ConfigError(
                    f"a model with conditioning kind '{self._model.config.conditioning.kind}' cannot be "
                    "steered: it knows no textures. Leave out place, exclude, blend and like."
                )
            chance = self.chances(mixed_seed(name, seed=settings.variation), 1)
            vector = conditioner.photo_vector(features, chance)[0]
            return (Voice(vector, conditioner.photo_width(features, chance)[0], name, seed),), None
        if steering.like is not None:
            vector, width = measure_recording(self._model, steering.like)
            return (Voice(vector, width, name, seed),), None
        if features is None:
            features = conditioner.feature_mean[None]
        chosen = self._chosen(name, features, settings, steering)
        voices = tuple(
            Voice(
                conditioner.entry_vector(torch.tensor([choice.texture], device=self._device))[0],
                conditioner.width[choice.texture],
                own,
                mixed_seed(own, seed=settings.seed),
                share,
                choice.texture,
                None if self._model.catalogue is None else self._model.catalogue.origin(choice.texture),
            )
            for own, share, choice in chosen
        )
        return voices, max(choice.of for *_, choice in chosen)

    def _chosen(
        self, name: str, features: Tensor, settings: DrawSettings, steering: SteerSettings
    ) -> list[tuple[str, float, Choice]]:
        """For each place that is drawn, or for the photo: a name for its chance, its share, its texture."""
        chooser = TextureChooser(self._model)
        chooser.check_places([*steering.shares, *steering.excluded])
        asked: list[tuple[float, Tensor | None]] = [
            (share, chooser.allow({place})) for place, share in steering.shares.items()
        ]
        if steering.excluded:
            left = set(chooser.places) - set(steering.excluded)
            if not left:
                raise ConfigError(f"exclude={steering.exclude!r}: no place is left. Exclude fewer.")
            asked = [(1.0, chooser.allow(left))]
        found = []
        for number, (share, allowed) in enumerate(asked or [(1.0, None)]):
            own = f"{name}/{number}" if number else name
            chances = partial(self.chances, mixed_seed(own, seed=0))
            choice = chooser.choose(features, chances, variation=settings.variation, allowed=allowed)
            found.append((own, share, choice))
        return found

    def chances(self, seed: int, count: int) -> Tensor:
        """Numbers that choose textures, [count]."""
        numbers = UniformStream(seed, purpose=Purpose.TEXTURE).take(count)
        return torch.tensor(numbers, dtype=torch.float32, device=self._device)
