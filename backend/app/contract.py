"""What is asked and answered: every JSON field with its type, its meaning and an example.

The routes' answers are these types, and the OpenAPI document is made from them. They are plain dicts when
the service runs, so that describing them costs an answer nothing; only the document needs pydantic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, get_args

from typing_extensions import TypedDict  # pydantic reads the standard library's from Python 3.12 on only

from backend.app.readiness import State
from backend.inference.corrections import Correction
from backend.inference.explanation import SIDES, ZONES, Side, Zone
from backend.inference.gate import WarningCode
from backend.inference.risk import INDETERMINATE, RISKS, RiskCode

Cam = Literal["both", "map", "none"]
Yes = Literal["true", "1", "yes", "on"]
No = Literal["false", "0", "no", "off"]
Word = Literal[Yes, No]
TRUE: frozenset[str] = frozenset(get_args(Yes))
FALSE: frozenset[str] = frozenset(get_args(No))

RequestCode = Literal["no_file", "bad_base64", "bad_request"]
ErrorCode = Literal[
    RequestCode,
    "empty_file",
    "image_too_large",
    "unsupported_type",
    "damaged_image",
    "not_a_chest_radiograph",
    "unauthorized",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "rate_limited",
    "internal_error",
    "models_unavailable",
    "overloaded",
    "unavailable",
    "deadline_exceeded",
]


REQUEST_ID = "^[A-Za-z0-9._-]{1,64}$"


def spoken(class_name: str) -> str:
    """Return a class as people read it: BACTERIAL_PNEUMONIA becomes BACTERIAL PNEUMONIA."""
    return class_name.replace("_", " ")


@dataclass(frozen=True, eq=False)
class About:
    """What a field means, and what JSON Schema may say of it beside its type."""

    description: str
    more: dict[str, Any]

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), "description": self.description, **self.more}


def about(description: str, **more: Any) -> About:
    return About(description, more)


_CLASSES = [spoken(name) for name in RISKS]
_LEVELS = [risk.level for risk in (*RISKS.values(), INDETERMINATE)]
_PER_CLASS = {
    "properties": {name: {"type": "number", "minimum": 0, "maximum": 1} for name in _CLASSES},
    "required": _CLASSES,
    "additionalProperties": False,
}

Spread = Annotated[
    dict[str, float],
    about(
        "Calibrated probability of each class, from 0 to 1; they sum to 1.",
        examples=[dict(zip(_CLASSES, (0.0412, 0.0353, 0.9235), strict=True))],
        **_PER_CLASS,
    ),
]
RequestId = Annotated[
    str,
    about(
        "The request's own name, as in the header X-Request-ID and in the log.",
        pattern=REQUEST_ID,
        examples=["8c1f0e9a4d6b4d0fa4c56f1e5b0d7a21"],
    ),
]
Timestamp = Annotated[
    str, about("When this was said, UTC.", format="date-time", examples=["2026-01-31T12:00:00.000000+00:00"])
]
Picture = Annotated[
    str,
    about(
        "A PNG as data URI.",
        pattern="^data:image/png;base64,",
        examples=["data:image/png;base64,iVBORw0KGgo="],
    ),
]
Version = Annotated[str, about("Version of the service.", examples=["1.0.0"])]


class Opinion(TypedDict):
    """What one network said."""

    name: Annotated[str, about("The network's architecture.", examples=["ConvNeXt-Tiny"])]
    weight: Annotated[float, about("Its share in the ensemble.", minimum=0, maximum=1, examples=[0.4])]
    probabilities: Spread


class FilmWarning(TypedDict):
    """Something about the film that its reader should know."""

    code: Annotated[WarningCode, about("What it is, for a program to branch on.")]
    message: Annotated[str, about("The same in a sentence.")]
    correction: NotRequired[
        Annotated[
            Correction,
            about("The option `correction` that would mend it; only of inverted and rotated films."),
        ]
    ]


Share = Annotated[float, about("Of the map's weight, from 0 to 1.", minimum=0, maximum=1, examples=[0.25])]
Sha256 = Annotated[
    str, about("SHA-256, in hexadecimal.", pattern="^[0-9a-f]{64}$", examples=["0123456789abcdef" * 4])
]
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


class Region(TypedDict):
    """A sixth of the film, and how much of the map lies in it."""

    side: Annotated[Side, about("The patient's: right is on the left of the film.")]
    zone: Annotated[Zone, about("A third of the film's height; of the film, not of a lung.")]
    share: Share


class Explanation(TypedDict):
    """Where the map points, and how far the networks agree in it."""

    agreement: Annotated[
        float,
        about(
            "The weight that the networks' maps share, cell by cell: 0 apart, 1 alike.",
            minimum=0,
            maximum=1,
            examples=[0.62],
        ),
    ]
    zones: Annotated[
        list[Region],
        about(
            "The six parts of the film. Their shares sum to 1; all are 0 where the map is empty.",
            minItems=len(SIDES) * len(ZONES),
            maxItems=len(SIDES) * len(ZONES),
        ),
    ]


class AskedSettings(TypedDict):
    """What was asked for, beside the film."""

    cam: Annotated[Cam, about("The pictures asked for.")]
    allow_unusual: Annotated[bool, about("Whether an answer was insisted on.")]
    correction: Annotated[str | None, about("How the film was turned or inverted first; null: not at all.")]


class Provenance(TypedDict):
    """What it takes to have an answer again: the same in all of this gives the same answer."""

    image_sha256: Annotated[Sha256, about("Of the film's bytes as received (decoded from base64).")]
    weights_sha256: Annotated[
        dict[str, str],
        about(
            "Of each network's weights, and of card.json, which holds temperatures and thresholds.",
            additionalProperties=_HASH,
        ),
    ]
    settings: AskedSettings
    engine: Annotated[
        str, about("What ran the networks, and in which precision.", examples=["openvino bfloat16"])
    ]
    versions: Annotated[
        dict[str, str],
        about(
            "Of the service and of the packages that an answer depends on.", examples=[{"pneumonet": "1.0.0"}]
        ),
    ]


class FilmAnswer(TypedDict):
    """What is said of a film, however it was asked."""

    prediction: Annotated[str, about("The most probable class.", enum=_CLASSES)]
    confidence: Annotated[
        str,
        about(
            "The ensemble's calibrated probability of that class, in per cent with two decimals.",
            pattern=r"^\d{1,3}\.\d\d%$",
            examples=["92.35%"],
        ),
    ]
    risk_level: Annotated[str, about("The risk in words, for a person.", enum=_LEVELS)]
    risk_code: Annotated[
        RiskCode,
        about(
            "The risk for a program to branch on; indeterminate: too little confidence, or the prediction "
            "set holds both normal and a pneumonia."
        ),
    ]
    prediction_set: Annotated[
        list[str],
        about(
            "The classes that cannot be excluded, most probable first: of films like those that it was "
            "fitted on, about 95% show a class in their set.",
            minItems=1,
            uniqueItems=True,
            items={"type": "string", "enum": _CLASSES},
            examples=[_CLASSES[-1:]],
        ),
    ]
    disagreement: Annotated[
        float,
        about(
            "Total variation distance between the networks' probabilities: 0 alike, 1 opposite.",
            minimum=0,
            maximum=1,
            examples=[0.07],
        ),
    ]
    probabilities: Spread
    models: Annotated[list[Opinion], about("What each network said.", minItems=1)]
    warnings: Annotated[
        list[FilmWarning], about("What may spoil the answer, by the intake gate; mostly empty.")
    ]
    explanation: Annotated[Explanation | None, about("Where the map points; null when it is left out.")]
    model_version: Annotated[str, about("Version of the networks.", examples=["1.0.0"])]
    provenance: Annotated[Provenance, about("What it takes to have this answer again.")]
    disclaimer: Annotated[str, about("What the answer is not, and on whom the networks were taught.")]


class Prediction(FilmAnswer):
    """The answer to a film."""

    gradcam_image: Annotated[
        Picture | None,
        about(
            "The Grad-CAM map over the film, in the film's aspect, the long side at most 768 pixels; "
            "null when left out."
        ),
    ]
    heatmap_image: Annotated[
        Picture | None,
        about(
            "The map alone, as the networks' own grid over the whole film (7×7 pixels of 8-bit grey); "
            "null when left out."
        ),
    ]
    request_id: RequestId
    duration_ms: Annotated[
        float,
        about("Time from the request's start to this answer, in milliseconds.", minimum=0, examples=[87.5]),
    ]


class Failure(TypedDict):
    """Why there is no answer."""

    error: Annotated[
        str, about("A sentence to act on.", examples=["The file is neither a JPEG nor a PNG image."])
    ]
    code: Annotated[ErrorCode, about("The reason for a program to branch on.")]
    request_id: RequestId


class Health(TypedDict):
    """Whether the service can serve."""

    status: Annotated[
        Literal["healthy", "starting", "unhealthy"],
        about("healthy: the networks are loaded; starting: not yet; unhealthy: they could not be."),
    ]
    timestamp: Timestamp
    models_loaded: Annotated[bool, about("Whether the networks are in memory.")]
    engine: Annotated[
        str | None,
        about("What runs the networks; null until they are loaded.", examples=["openvino", "torch"]),
    ]
    precision: Annotated[
        str | None, about("What it computes in; null likewise.", examples=["bfloat16", "float32"])
    ]
    memory_usage_mb: Annotated[
        float, about("Memory that the answering process holds, in MiB.", minimum=0, examples=[612.4])
    ]
    version: Version
    error: NotRequired[Annotated[str, about("What keeps it from serving; only when unhealthy.")]]


class Readiness(TypedDict):
    """Whether films are taken now."""

    status: Annotated[State, about("ready, or why not.")]
    reason: Annotated[str | None, about("Why not, in a sentence; null when ready.")]
    timestamp: Timestamp
    version: Version


Method = Literal["key", "oidc"]


class Provider(TypedDict):
    """Where a person signs in: by the authorization code flow with PKCE."""

    issuer: Annotated[str, about("The OpenID provider.", format="uri")]
    client_id: Annotated[str, about("The client that the page is there.", examples=["pneumonet"])]
    scope: Annotated[str, about("The scope to ask for.", examples=["openid"])]


class Access(TypedDict):
    """How to be let in."""

    required: Annotated[bool, about("Whether a film needs a key or a token.")]
    methods: Annotated[
        list[Method], about("What is taken; oidc: a token of the provider, as Authorization: Bearer.")
    ]
    oidc: Annotated[Provider | None, about("The provider; null where the page cannot sign in by one.")]


class Index(TypedDict):
    """What this service is."""

    message: Annotated[str, about("What it does, in a sentence.")]
    status: Literal["running"]
    version: Version
    endpoints: Annotated[dict[str, str], about("What it answers to, by method and address.")]


class Options(TypedDict):
    """How the film is read, and which pictures come with the answer."""

    disable_cam: NotRequired[
        Annotated[
            bool | Literal[0, 1] | Word | None,
            about("Leave both pictures out; goes before cam. Words in any case. Default: false."),
        ]
    ]
    cam: NotRequired[
        Annotated[Cam | None, about("The pictures that come; in any case. Default: both.", examples=["map"])]
    ]
    allow_unusual: NotRequired[
        Annotated[
            bool | Literal[0, 1] | Word | None,
            about("Answer, with a warning, what does not look like a chest radiograph. Default: false."),
        ]
    ]
    correction: NotRequired[
        Annotated[
            Correction | None,
            about(
                "Invert the film, or turn it counter-clockwise by so many degrees, before it is read; "
                "in any case. Default: it is read as it is."
            ),
        ]
    ]


class FilmAsJson(Options):
    """A film in JSON. Other fields are ignored."""

    file_data: Annotated[
        str,
        about("The film's file in base64, white space allowed, or as data URI in base64.", format="byte"),
    ]
