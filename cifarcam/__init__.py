"""Train a network on CIFAR-10, and see with Grad-CAM what each of its layers looks at."""

import os
from importlib import import_module

# else, or with an empty value, albumentations asks the network for its newest version
os.environ["NO_ALBUMENTATIONS_UPDATE"] = os.environ.get("NO_ALBUMENTATIONS_UPDATE") or "1"

__version__ = "0.1.0"

_MODULE_OF = {  # what a beginner needs; `explain` and `shapes` are modules, too: `from cifarcam.explain import explain`
    "run": "runs",
    "resume": "runs",
    "Run": "runs",
    "RECIPES": "recipes",
    "cifar10": "data",
    "image_folder": "data",
    "resnet18": "resnet",
    "GradCAM": "gradcam",
    "show_images": "visualize",
    "show_cams": "visualize",
    "write_report": "report",
    "Explorer": "explorer",
}
__all__ = list(_MODULE_OF)


def __getattr__(name: str):
    "Import a name when it is asked for, so that `import cifarcam` takes no time."
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'cifarcam' has no attribute {name!r}")
    return getattr(import_module(f"cifarcam.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
