"""Every knob of a run, once: its default, its range and its help."""

from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.knobs import Knobs

Scheme = Literal["scf", "fsf", "fixed"]
Outcome = Literal["clusters", "regions"]
Quality = Literal["fast", "exact"]
Padding = Literal["replicate", "zeros"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Strategy = Literal["one", "follow", "each"]


class SchemeFacts(NamedTuple):
    """What a user has to know of a weighting scheme: its name, its formula and what μ does."""

    title: str
    formula: str
    default_mu: float
    effect: str


SCHEMES: MappingProxyType[Scheme, SchemeFacts] = MappingProxyType(
    {
        "scf": SchemeFacts(
            "Spatial continuity focus (SCF)",
            "w = μ / q'",
            50.0,
            "larger μ with SCF: smoother, fewer regions",
        ),
        "fsf": SchemeFacts(
            "Feature similarity focus (FSF)",
            "w = q' / μ",
            15.0,
            "larger μ with FSF: finer, more regions",
        ),
        "fixed": SchemeFacts(
            "Fixed weight (Kim et al. 2020)",
            "w = μ",
            5.0,
            "larger μ with Fixed: smoother, fewer regions",
        ),
    }
)


class OutcomeFacts(NamedTuple):
    """What a user has to know of what a run gives: its name, the usual detail, what it is."""

    title: str
    default_detail: float
    sentence: str


OUTCOMES: MappingProxyType[Outcome, OutcomeFacts] = MappingProxyType(
    {
        "clusters": OutcomeFacts(
            "Clusters", 52.0, "one label is one kind of stuff, in as many places as it lies"
        ),
        "regions": OutcomeFacts("Regions", 46.0, "each connected area has a label of its own"),
    }
)

# Details that differ by less are the same: nobody cuts more finely.
FINEST_DETAIL = 1 / 64

# What the choices of other knobs are called where a user chooses.
CHOICE_TITLES = MappingProxyType(
    {
        **{outcome: facts.title for outcome, facts in OUTCOMES.items()},
        "fast": "Fast",
        "exact": "Exact, as published",
        "replicate": "Goes on as it ends",
        "zeros": "Zeros, as published",
        "one": "One network",
        "follow": "Follow",
        "each": "Each plane on its own",
        "auto": "A GPU if there is one",
        "cpu": "CPU",
        "cuda": "CUDA",
        "mps": "MPS",
    }
)

# What each strategy for a stack does, in one sentence.
STRATEGIES: MappingProxyType[Strategy, str] = MappingProxyType(
    {
        "one": "one network, trained on the plane on view, labels all planes, and a label means "
        "the same on each",
        "follow": "each plane starts from its neighbour's network and trains on for a few "
        "iterations, for stacks that change along the axis",
        "each": "each plane has a network of its own, and its labels are matched to its "
        "neighbour's by overlap",
    }
)


# What Python, the command line and recipes of before are told of a scheme that is none any more.
NO_MORE_AUTO = (
    "the scheme auto is no more: its regions are result='regions' now, by any scheme, and its μ "
    "is the detail; choose one of " + ", ".join(map(repr, SCHEMES))
)


def _default_mu(validated: dict[str, Any]) -> float:
    return SCHEMES[validated.get("scheme", "scf")].default_mu


def _default_detail(validated: dict[str, Any]) -> float:
    return OUTCOMES[validated.get("result", "clusters")].default_detail


def _is_fast(validated: dict[str, Any]) -> bool:
    return bool(validated.get("quality", "fast") == "fast")


def _default_padding(validated: dict[str, Any]) -> Padding:
    return "replicate" if _is_fast(validated) else "zeros"


class Settings(Knobs):
    """The knobs of a run; frozen, so that it can pass between threads.

    Parameters
    ----------
    **knobs
        Any of the fields below, by name; the rest take their defaults.

    Raises
    ------
    SettingsError
        If a knob does not exist or its value is out of range; the text says what came and
        what was expected.

    Examples
    --------
    >>> Settings(scheme="fsf").mu
    15.0
    >>> Settings().change(scheme="fixed").mu
    5.0
    >>> Settings(mu=80).change(scheme="fixed").mu
    80.0
    """

    scheme: Scheme = Field(
        "scf",
        title="Scheme",
        description="How the weight w of the continuity term follows q', the number of labels "
        "in use: " + "; ".join(f"{facts.title}: {facts.formula}" for facts in SCHEMES.values()),
    )
    mu: float = Field(
        default_factory=_default_mu,
        ge=0.01,
        le=10_000,
        allow_inf_nan=False,
        title="μ",
        description="Pushes the result towards coarser or finer; "
        + "; ".join(facts.effect for facts in SCHEMES.values()),
        json_schema_extra={
            "default_words": ", ".join(
                f"{f.default_mu:g} for {scheme}" for scheme, f in SCHEMES.items()
            )
        },
    )
    quality: Quality = Field(
        "fast",
        title="Quality",
        description="fast: train on a reduced image for a few iterations, then label every "
        "pixel: seconds; exact: train on every pixel, as published: minutes",
    )
    result: Outcome = Field(
        "clusters",
        title="Result",
        description="What the labels are: "
        + "; ".join(f"{facts.title}: {facts.sentence}" for facts in OUTCOMES.values()),
    )
    detail: float = Field(
        default_factory=_default_detail,
        ge=0,
        le=100,
        allow_inf_nan=False,
        title="Detail",
        description="Where the tree of regions is cut: a larger detail gives more, finer regions",
        json_schema_extra={
            "default_words": ", ".join(
                f"{facts.default_detail:g} for {outcome}" for outcome, facts in OUTCOMES.items()
            )
        },
    )
    clean: bool = Field(
        default_factory=_is_fast,
        title="Clean outlines",
        description="Whether clusters have the outlines of the tree, without speckle; if not, "
        "they are the network's own labels, as published",
        json_schema_extra={"default_words": "true in fast quality, false in exact"},
    )
    padding: Padding = Field(
        default_factory=_default_padding,
        title="Edge",
        description="What the network sees beyond the image's edge: replicate: the pixels at the "
        "edge, again and again; zeros: a black frame, as published, which may get labels of its "
        "own",
        json_schema_extra={"default_words": "replicate in fast quality, zeros in exact"},
    )
    iterations: int = Field(
        500,
        ge=1,
        le=100_000,
        title="Iterations",
        description="The longest a run may train (T in the papers); it ends earlier when few "
        "labels are left, and in fast quality after 12 (SCF) or 10 (FSF, Fixed), or, as published, "
        "after 45 or 20",
    )
    minimum_labels: int = Field(
        3,
        ge=1,
        le=1024,
        title="Minimum labels",
        description="The run ends as soon as no more labels than this are in use",
    )
    channels: int = Field(
        100,
        ge=2,
        le=1024,
        title="Channels",
        description="Width of the network and most labels it can give (p = q in the papers)",
    )
    blocks: int = Field(
        3,
        ge=1,
        le=10,
        title="Blocks",
        description="Depth of the network (M in the papers): the 3×3 convolutions and the one "
        "1×1 convolution after them; more blocks look further around each pixel",
    )
    learning_rate: float = Field(
        0.1,
        gt=0,
        le=10,
        allow_inf_nan=False,
        title="Learning rate",
        description="Step size of the gradient descent",
    )
    momentum: float = Field(
        0.9,
        ge=0,
        lt=1,
        allow_inf_nan=False,
        title="Momentum",
        description="How much of the last step carries over into the next",
    )
    scribble_weight: float = Field(
        0.5,
        ge=0,
        le=100,
        allow_inf_nan=False,
        title="Scribble weight",
        description="How much the pixels that you have labelled weigh in the loss, beside 1 for "
        "similarity",
    )
    guidance_weight: float = Field(
        0.5,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="Guidance weight",
        description="How much another segmentation draws the pixels that it covers: 0 not at all, "
        "1 in place of the network's own labels",
    )
    refine_iterations: int = Field(
        20,
        ge=1,
        le=100_000,
        title="Refine iterations",
        description="How long Refine trains on with what you have painted",
    )
    strategy: Strategy = Field(
        "one",
        title="Whole stack",
        description="How a whole stack is segmented: "
        + "; ".join(f"{strategy}: {sentence}" for strategy, sentence in STRATEGIES.items())
        + ". The network is two-dimensional in all three",
    )
    training_planes: int = Field(
        1,
        ge=1,
        le=64,
        title="Training planes",
        description="How many planes the network of a stack is trained on together: the one on "
        "view and others, spread over the stack",
    )
    follow_iterations: int = Field(
        10,
        ge=1,
        le=100_000,
        title="Follow iterations",
        description="How long Follow trains on each plane of a stack after the first",
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Start of the random weights; another seed gives another segmentation",
    )
    device: Device = Field(
        "auto",
        title="Device",
        description="Where the network trains; auto takes a GPU if there is one",
    )

    def __init__(self, **knobs: Any) -> None:
        if knobs.get("scheme") == "auto":
            raise SettingsError(NO_MORE_AUTO)
        super().__init__(**knobs)

    @model_validator(mode="after")
    def _leave_room_for_training(self) -> Self:
        if self.minimum_labels >= self.channels:
            raise ValueError(
                f"minimum_labels must be below channels, or no run would train; "
                f"got minimum_labels={self.minimum_labels} with channels={self.channels}"
            )
        return self

    @property
    def needs_tree(self) -> bool:
        """Whether the labels have the outlines of the tree."""
        return self.clean or self.result != "clusters"

    def trains_like(self, other: "Settings") -> bool:
        """Tell whether a training goes on as before by other settings, whatever their detail."""
        return self.change(detail=other.detail) == other

    def change(self, **changes: Any) -> "Settings":
        """Give new settings with some knobs changed.

        A μ that was never given moves to the default of a changed scheme, a detail to that of a
        changed result.

        Parameters
        ----------
        **changes
            The knobs to change, by name.

        Returns
        -------
        Settings
            The changed settings, validated anew.

        Raises
        ------
        SettingsError
            If a changed value is out of range.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return Settings(**{**given, **changes})


def describe_knob(name: str) -> dict[str, Any]:
    """Describe a knob of `Settings` as JSON schema does; see `Knobs.describe`.

    Parameters
    ----------
    name
        Name of a field of `Settings`.
    """
    return Settings.describe(name)


def describe_range(name: str) -> str:
    """Say which values a knob takes, in words.

    Parameters
    ----------
    name
        Name of a field of `Settings`.

    Examples
    --------
    >>> describe_range("blocks")
    'a whole number from 1 to 10'
    >>> describe_range("momentum")
    'a number from 0 to below 1'
    """
    return Settings.describe_range(name)
