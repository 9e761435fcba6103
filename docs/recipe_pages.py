"""A page for each published recipe, made from the longest run at hand: `python docs/recipe_pages.py [--runs FOLDER] [NAME ...]`.

A page is a notebook in nbs/tutorials. It keeps its figures when the run is elsewhere; a recipe that has no run says what is missing."""

import argparse
import os
from functools import cached_property
from pathlib import Path

import nbformat
import numpy as np
import torch
from IPython.display import Markdown
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cifarcam.batch_transforms import BatchTransform
from cifarcam.gradcam import GradCAM
from cifarcam.layers import layers_of, summary
from cifarcam.recipes import RECIPES, Recipe
from cifarcam.report import layers_to_explain, repeat_command
from cifarcam.results import results_table
from cifarcam.runs import Run, RunError
from cifarcam.text import markdown_code, markdown_text
from cifarcam.transforms import policy_from_dict
from cifarcam.visualize import (
    outcome_colors,
    plot_history,
    plot_lr,
    prediction_titles,
    show_cams,
    show_gallery,
    show_policy,
)

FIGURES = {  # name: what it shows, and how it is drawn
    "summary": ("The network, layer by layer", lambda p: summary(p.model, p.input_size)),
    "augmented": ("What training sees instead of an image of each class", lambda p: p.augmented()),
    "curves": ("Loss and accuracy over the epochs", lambda p: plot_history(p.run.history)),
    "rate": ("The learning rate over the epochs", lambda p: plot_lr(p.run.history)),
    "correct": ("Test images classified correctly", lambda p: p.gallery("correct")),
    "misclassified": ("Misclassified test images", lambda p: p.gallery("misclassified")),
    "every_layer": ("Grad-CAM in each stage, two correct, two misclassified", lambda p: p.cams(2, 2, p.stages)),
    "every_layer_misclassified": ("Grad-CAM of misclassified images, each stage", lambda p: p.cams(0, 5, p.stages)),
    "convolutions_correct": ("Grad-CAM at several convolutions, correct", lambda p: p.cams(5, 0, p.convolutions)),
    "convolutions_misclassified": ("The same, misclassified", lambda p: p.cams(0, 5, p.convolutions)),
    "last_layer": ("Grad-CAM in the last stage, three correct, three not", lambda p: p.cams(3, 3, p.stages[-1:])),
}
SHOWN = {  # what each author showed, in that order
    "s000": ("every_layer",),
    "s001": ("curves", "correct", "misclassified", "convolutions_correct", "convolutions_misclassified"),
    "s002": ("summary", "misclassified"),
    "s003": ("augmented", "every_layer", "misclassified", "correct", "curves", "last_layer"),
    "s004": ("summary", "curves", "rate", "misclassified", "every_layer_misclassified"),
}
SETUP = """import sys
from pathlib import Path

sys.path.append("../../docs")
from recipe_pages import RecipePage, longest_run

page = RecipePage(longest_run("{name}", Path("{runs}")))"""


class RecipePage:
    "The figures of a recipe's author, from a run. Images are drawn by a seed, not picked by eye."

    def __init__(self, run: Run | None, root: str | os.PathLike | None = None):
        if run is None:
            raise RunError(
                "there is no run of this recipe in runs/: train it first, `cifarcam train NAME --out runs/NAME`"
            )
        self.run, self.root = run, root  # root: where CIFAR-10 lies; None: $CIFARCAM_DATA, then the cache folder
        self.input_size = (1, 3, run.image_size, run.image_size)

    @cached_property
    def data(self):
        return self.run.data(self.root)

    @cached_property
    def model(self) -> torch.nn.Module:
        return self.run.model()

    @cached_property
    def stages(self) -> list[str]:
        return layers_to_explain(layers_of(self.model, self.input_size), n=4)

    @cached_property
    def convolutions(self) -> list[str]:
        "The last convolution of each stage."
        wide = [n for n, m in self.model.named_modules() if isinstance(m, torch.nn.Conv2d) and max(m.kernel_size) > 1]
        return [next(name for name in reversed(wide) if name.startswith(stage + ".")) for stage in self.stages]

    def gallery(self, which: str):
        return show_gallery(self.data[1], self.run.predictions, which, n=25, size=0.8)

    def augmented(self):
        policy = self.run.recipe.policy
        return show_policy(
            policy_from_dict(policy) if isinstance(policy, dict) else policy, self.data[0], n=3, size=0.6
        )

    def cams(self, correct: int, wrong: int, layers: list[str]):
        "Grad-CAM of the predicted class, for so many correct and so many misclassified images."
        predictions, random = self.run.predictions, np.random.default_rng(0)
        chosen = []
        for n, outcome in ((correct, True), (wrong, False)):
            pool = (predictions.correct == outcome).nonzero().flatten().numpy()
            chosen += sorted(random.choice(pool, min(n, len(pool)), replace=False).tolist())
        images = self.data[1].subset(chosen).images
        x = BatchTransform("none", mean=self.run.mean, std=self.run.std, size=self.run.image_size)(
            torch.from_numpy(images)
        )
        with GradCAM(self.model, layers=layers, warn=False) as cam:
            maps = cam(x, target=predictions.predicted[chosen])
        titles, colors = prediction_titles(predictions, chosen), outcome_colors(predictions, chosen)
        return show_cams(
            images, maps, titles, colors=colors, title="Grad-CAM of the predicted class", how="overlay", size=0.9
        )

    def figure(self, name: str):
        "A figure, a table, or a sentence where a run of one epoch has no curve."
        if name in ("curves", "rate") and len(self.run.history) < 2:
            return Markdown("*This run has one epoch, so there is no curve to draw.*")
        return FIGURES[name][1](self)


def facts(recipe: Recipe, run: Run | None) -> str:
    "Claim and result, and under what conditions."
    rows = {"source": markdown_text(recipe.source)}
    if run is None:
        rows |= {
            "claimed": f"{recipe.claimed_test:.2%} after {recipe.epochs} epochs",
            "this project's runs": "none is finished",
        }
    else:
        measured = results_table([run]).iloc[0].drop(["recipe", "n", "mean", "sd", "config", "command"])
        rows |= {name: markdown_text(value) for name, value in measured.items()}
        rows["this run again"] = markdown_code(repeat_command(run))
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())])


def longest_run(recipe: str, runs: Path) -> Run | None:
    "The finished run of a recipe that has the most epochs, of the largest training set."
    found = []
    for path in sorted(runs.glob("*/predictions.safetensors")):
        try:
            run = Run(path.parent)
        except RunError:
            continue  # of another version
        if run.recipe.name == recipe:
            found.append((run.config["data"]["n_train"], len(run.history), run))
    return max(found, key=lambda entry: entry[:2])[2] if found else None


def page(name: str, runs: Path, folder: Path) -> nbformat.NotebookNode:
    "The notebook of a recipe, executed where there is a run."
    recipe, run = RECIPES[name], longest_run(name, runs)
    figures = [FIGURES[figure][0] for figure in SHOWN[name]]
    title, said = "not trained yet", "What its author showed, still to be made"
    if run is not None:
        n = len(run.history)
        length = f"{n} epoch{'s' * (n > 1)}"
        title = length if n >= recipe.epochs else f"{length}, not {recipe.epochs}"
        said = f"What its author showed, from a training of {length}"
        if n < recipe.epochs:
            said += f", not the recipe's {recipe.epochs}: its accuracy is no test of the claim"
    how = f"A run is made by\n\n```sh\ncifarcam train {name} --data cifar10\n```"
    cells = [
        new_markdown_cell(f"# Recipe {name}: {title}\n> {said}"),
        new_markdown_cell(f"The recipe repeats a published course project. {how}"),
        new_markdown_cell(facts(recipe, run)),
    ]
    if run is None:
        cells.append(new_markdown_cell("## What is missing\n" + "\n".join(f"- {title}" for title in figures)))
    else:
        place = Path(os.path.relpath(runs.resolve(), folder.resolve())).as_posix()
        setup = SETUP.format(name=name, runs=place)
        cells += [new_code_cell("#| notest\n#| hide\n%matplotlib inline"), new_code_cell(f"#| notest\n{setup}")]
        for figure, title in zip(SHOWN[name], figures):
            cells += [new_markdown_cell(f"## {title}"), new_code_cell(f'#| notest\npage.figure("{figure}")')]
    for k, cell in enumerate(cells):
        cell.id = f"{name}-{k}"
    kernel = {"kernelspec": {"display_name": "python3", "language": "python", "name": "python3"}}
    notebook = new_notebook(cells=cells, metadata=kernel)
    if run is not None:
        NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the pages of the published recipes from the runs at hand.")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SHOWN)}; default: all")
    args = parser.parse_args()
    folder = Path(__file__).parents[1] / "nbs" / "tutorials"
    for name in args.names or SHOWN:
        path = folder / f"recipe_{name}.ipynb"
        kept = path.exists() and any(cell.cell_type == "code" for cell in nbformat.read(path, 4).cells)
        if kept and longest_run(name, args.runs) is None:
            continue  # made from a run that is elsewhere
        nbformat.write(page(name, args.runs, folder), path)
        print(f"wrote {path.name}; now `nbdev_clean`")


if __name__ == "__main__":
    main()
