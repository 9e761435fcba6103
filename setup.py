"""Everything that a package needs to know stands in settings.ini; this file hands it to setuptools."""

from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
config = ConfigParser(delimiters=["="])
config.read(here / "settings.ini", encoding="utf-8")
cfg = config["DEFAULT"]

requirements = cfg["requirements"].split()
docs_requirements = cfg["docs_requirements"].split()
dev_requirements = cfg["dev_requirements"].split() + docs_requirements
scripts = cfg["console_scripts"].split()

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    keywords=cfg["keywords"],
    author=cfg["author"],
    author_email=cfg["author_email"],
    url=cfg["git_url"],
    license="Apache-2.0",
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Natural Language :: " + cfg["language"],
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(11, 15)),
    ],
    package_dir={"": "."},  # an editable install is then a path, found before a folder of this name beside a script
    packages=find_packages(include=["cifarcam", "cifarcam.*"]),
    include_package_data=True,
    package_data={
        "cifarcam": ["templates/**/*", "pretrained/**/*"]
    },  # MANIFEST.in alone misses them, since package_dir is not ""
    python_requires=">=" + cfg["min_python"],
    install_requires=requirements,
    extras_require={"dev": dev_requirements, "docs": docs_requirements},
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    entry_points={"console_scripts": scripts, "nbdev": ["cifarcam=cifarcam._modidx:d"]},
    zip_safe=False,
)
