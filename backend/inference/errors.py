"""What can go wrong between bytes and an answer.

InferenceError
├── ImageError                 the sender can mend it
│   ├── EmptyFile
│   ├── ImageTooLarge          too many bytes or pixels
│   ├── UnsupportedType        not an image type that is served
│   ├── DamagedImage           the type is right, the content is not
│   └── NotARadiograph         a whole image, but no chest film
└── ModelsUnavailable          the networks cannot be loaded
    ├── WeightsRefused         weights or their card are missing, damaged, or do not belong together
    └── EngineRefused          the engine asked for is not installed, or its answers are not torch's

Every message is a sentence for the person who sent the film, or (ModelsUnavailable) for the operator.
"""


class InferenceError(Exception):
    """Whatever this package raises on purpose."""


class ImageError(InferenceError):
    """The bytes are not a film that can be read."""


class EmptyFile(ImageError):
    """There are no bytes."""


class ImageTooLarge(ImageError):
    """The file has more bytes, or the image more pixels, than are served."""


class UnsupportedType(ImageError):
    """The bytes are not of an image type that is served."""


class DamagedImage(ImageError):
    """The image cannot be decoded whole."""


class NotARadiograph(ImageError):
    """The image is whole but cannot be a chest radiograph."""


class ModelsUnavailable(InferenceError):
    """The networks cannot be loaded."""


class WeightsRefused(ModelsUnavailable):
    """Weights or card are missing, damaged, or do not belong together."""


class EngineRefused(ModelsUnavailable):
    """The engine asked for is not installed, or its answers are not those of the reference."""
