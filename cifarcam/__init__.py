import os

os.environ.setdefault(
    "NO_ALBUMENTATIONS_UPDATE", "1"
)  # else albumentations asks the network for its newest version at import

__version__ = "0.1.0"
