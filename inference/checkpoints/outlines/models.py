"""What transformers' base class of all models does while one is built, without what it does to run one.

Follows `transformers.modeling_utils.PreTrainedModel` of the version that is installed with Headlight.
"""

from __future__ import annotations

import inspect
import re
from contextlib import suppress
from itertools import cycle
from typing import Any

from inference.checkpoints.outlines.modules import OutlineModule
from inference.checkpoints.outlines.tensors import NotKnownError

# Sets that a model takes over from its parts.
_TAKEN_OVER = (
    "_keep_in_fp32_modules",
    "_keep_in_fp32_modules_strict",
    "_no_split_modules",
    "_skip_keys_device_placement",
    "_keys_to_ignore_on_load_unexpected",
    "_keys_to_ignore_on_load_missing",
)
_EXPANDED = re.compile(r"^[A-Za-z0-9_\.]+(weight)|(bias)$")  # as there, brackets and all


class OutlineModel(OutlineModule):
    """As `PreTrainedModel`."""

    config_class: Any = None
    base_model_prefix = ""
    main_input_name = "input_ids"
    dtype = None  # of numbers that are not there
    _tied_weights_keys: Any = None
    _keep_in_fp32_modules: Any = None
    _keep_in_fp32_modules_strict: Any = None
    _no_split_modules: Any = None
    _skip_keys_device_placement: Any = None
    _keys_to_ignore_on_load_unexpected: Any = None
    _keys_to_ignore_on_load_missing: Any = None
    _supports_sdpa = False
    supports_gradient_checkpointing = False

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        annotated = inspect.get_annotations(cls).get("config")
        own = cls.__dict__.get("config_class")
        cls.config_class = next((each for each in (own, annotated, cls.config_class) if each is not None), None)

    def __init__(self, config: Any, *_more: Any, **_named: Any) -> None:
        super().__init__()
        if getattr(config, "is_heterogeneous", False) or config._experts_implementation is not None:
            raise NotKnownError("layers of different configurations, or of code of their own")
        self.config = config
        self.name_or_path = config.name_or_path
        config._attn_implementation_internal = "sdpa" if self._supports_sdpa else "eager"
        if self.can_generate():
            from transformers.generation.configuration_utils import GenerationConfig  # itself, not a stand-in

            with suppress(NotImplementedError):  # as there; what it finds wrong is refused
                GenerationConfig.from_model_config(config)

    @classmethod
    def can_generate(cls) -> bool:
        """Whether it writes texts, so that what its configuration says of that is looked through."""
        return any(
            base.__name__.endswith("GenerationMixin")
            or (issubclass(base, OutlineModel) and base is not OutlineModel and base.can_generate())
            for base in cls.__bases__
        )

    @property
    def base_model(self) -> Any:
        """The body."""
        return getattr(self, self.base_model_prefix, self)

    @classmethod
    def _from_config(cls, config: Any, **named: Any) -> Any:
        is_number_format = config.dtype is None or getattr(config.dtype, "is_floating_point", False)
        if not is_number_format or not {*named} <= {"attn_implementation", "trust_remote_code"}:
            raise NotKnownError("a model in another number format")
        return cls(config)

    def is_custom_code(self) -> bool:
        """Whether its class is none of transformers' own."""
        return not type(self).__module__.startswith("transformers.")

    def post_init(self) -> None:
        """Take over what its parts say of tied weights and of what may be left aside."""
        self.all_tied_weights_keys = self._expanded()
        for name in _TAKEN_OVER:
            setattr(self, name, set(getattr(self, name) or ()))
        for name, part in self.named_children():
            tied = getattr(part, "all_tied_weights_keys", None) or {}
            self.all_tied_weights_keys.update({f"{name}.{one}": f"{name}.{other}" for one, other in tied.items()})
            for kind in _TAKEN_OVER:
                getattr(self, kind).update(getattr(part, kind, None) or ())
        if self.supports_gradient_checkpointing and getattr(self.config, "gradient_checkpointing", False):
            delattr(self.config, "gradient_checkpointing")

    def init_weights(self) -> None:
        """Nothing: there are no numbers."""

    def _expanded(self) -> dict[str, str]:
        """Tied parameters by full names; see `get_expanded_tied_weights_keys` there."""
        tied = self._tied_weights_keys
        if not getattr(self.config, "tie_word_embeddings", False) or tied is None:
            return {}
        if all(_EXPANDED.match(name) for name in (*tied, *tied.values())):
            return dict(tied)
        names = [name for name, _ in self.named_parameters(remove_duplicate=False)]
        names = sorted({*names, *(name for name, _ in self.named_buffers(remove_duplicate=False))})
        found: dict[str, str] = {}
        for target, source in tied.items():
            sources = [name for name in names if re.search("^" + source, name)]
            targets = [name for name in names if re.search("^" + target, name)]
            if not sources or not targets or len(targets) % len(sources):
                raise NotKnownError("tied weights that are not there")
            for one, other in zip(targets, cycle(sources), strict=False):
                found[one] = found.get(other, other)
        return found

    def tie_weights(self, *_args: Any, **_named: Any) -> None:
        """Let tied parameters be one."""
        every: dict[str, str] = {}
        for path, part in self.named_modules(remove_duplicate=False):
            if isinstance(part, OutlineModel):
                dot = path + "." if path else ""
                every |= {dot + one: dot + other for one, other in part._expanded().items()}
        for target, source in every.items():
            where, _, name = target.rpartition(".")
            holder, shared = self.get_submodule(where), self.get_parameter(source)
            setattr(holder, name, shared)
            bias = getattr(holder, "bias", None)
            if bias is not None and hasattr(holder, "weight") and bias.shape[0] != holder.weight.shape[0]:
                raise NotKnownError("a bias that is made longer")
