"""The results that were published on CSConv (arXiv 2508.04423), in both contexts."""

from __future__ import annotations

from typing import Final

from csc_dspy.evaluation.contexts import Context

METRICS: Final = ("B-2", "B-4", "R-L", "BS", "BR", "ACC")
NOTE: Final = "published results on CSConv, other data than the sample"

_Figures = tuple[float, ...]

PUBLISHED: Final[dict[str, tuple[_Figures, _Figures]]] = {
    "GPT-4o": ((8.13, 2.97, 4.12, 64.26, 51.27, 42.58), (6.41, 2.07, 2.22, 62.95, 51.48, 36.29)),
    "DeepSeek-R1 671B": ((11.67, 5.09, 8.44, 66.57, 52.09, 39.78), (8.41, 3.11, 6.27, 64.80, 52.01, 35.23)),
    "DeepSeek-V3 671B": ((11.57, 4.95, 7.04, 66.09, 53.10, 41.99), (8.43, 3.33, 4.14, 64.13, 53.09, 36.54)),
    "LLaMA3.1 8B": ((4.28, 1.44, 3.62, 58.68, 38.84, 17.16), (2.62, 0.89, 1.31, 55.06, 35.97, 13.75)),
    "LLaMA3.1 8B + RoleCS": (
        (11.06, 4.77, 6.93, 66.21, 52.13, 42.15),
        (8.80, 3.72, 4.52, 64.57, 49.85, 35.73),
    ),
    "LLaMA3.1 70B": ((6.85, 2.38, 4.10, 63.14, 47.53, 38.78), (5.57, 1.76, 2.59, 62.24, 46.83, 30.36)),
    "LLaMA3.1 70B + RoleCS": (
        (11.73, 5.11, 7.64, 66.62, 53.69, 42.79),
        (9.62, 4.00, 4.89, 65.15, 50.91, 39.44),
    ),
    "Qwen2.5 7B": ((6.73, 2.29, 3.80, 62.75, 48.21, 18.78), (5.11, 1.53, 2.43, 61.62, 47.43, 19.39)),
    "Qwen2.5 7B + RoleCS": (
        (11.23, 4.80, 7.39, 66.35, 52.14, 42.96),
        (8.61, 3.51, 4.13, 64.42, 48.80, 30.52),
    ),
    "Qwen2.5 72B": ((8.61, 3.23, 5.41, 64.63, 52.49, 37.22), (6.28, 2.00, 3.59, 63.14, 50.55, 30.93)),
    "Qwen2.5 72B + RoleCS": (
        (12.15, 5.32, 7.97, 66.85, 54.49, 43.29),
        (9.38, 3.90, 4.35, 64.89, 53.65, 36.02),
    ),
}
"""Model → the figures of `METRICS` in the reference and in the generated context. All are Instruct models."""


def published_figures(model: str, context: Context) -> dict[str, float]:
    """The figures of a model by metric."""
    reference, generated = PUBLISHED[model]
    return dict(zip(METRICS, reference if context == "reference" else generated, strict=True))
