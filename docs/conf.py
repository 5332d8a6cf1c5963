"""How the documentation is built: ``poe docs``."""

from __future__ import annotations

import sys
from pathlib import Path

import scratchml

sys.path.insert(0, str(Path(__file__).resolve().parent / "_extensions"))

from api_pages import foreign_members

project = "scratchml"
author = "The scratchml developers"
copyright = author  # noqa: A001 (Sphinx's name for it)
version = release = scratchml.__version__

extensions = [
    "api_pages",
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
]

# Warnings are errors (poe docs): a reference that leads nowhere fails the build.
nitpicky = True
# Other projects' pages are not read: a build needs no network.
nitpick_ignore_regex = [(r"py:.*", r"(matplotlib|numpy|pandas|polars|rich|scipy|sklearn)\..*")]
default_role = "autolink"  # `KMeans` links to its page; a name that has none is set in italics
highlight_language = "text"
smartquotes = False  # 'auto' is a value to be typed
templates_path = ["_templates"]

# --- Markdown -------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist", "tasklist"]
myst_heading_anchors = 3  # as on GitHub, so that kmeans.md#speed leads to the same place on both

# --- API reference --------------------------------------------------------------------------------

autodoc_docstring_signature = False  # signatures are read from the code
autodoc_typehints = "none"  # types are in the docstrings, with shapes
autosummary_generate = False  # api_pages writes the pages
numpydoc_class_members_toctree = False
numpydoc_validation_checks = {
    "GL05", "GL06", "GL07", "GL08", "GL10",  # sections: known, in order; a docstring at all
    "SS01", "SS02", "SS03", "SS04", "SS06",  # summary: one line that is a sentence
    "PR01", "PR02", "PR03", "PR04", "PR05", "PR07", "PR10",  # parameters, described
    "RT01", "SA04",  # what comes back, and why to look elsewhere
}  # fmt: skip
numpydoc_validation_exclude = {
    r"\.(FitEvent|Duel|DensityTerms)$",  # not made by users: its parameters are its attributes
    r"\.callbacks\..*\.(__call__|setup|on_fit_task_begin|on_fit_task_end|teardown)$",  # by fits
    *foreign_members(),
}

# --- plots ----------------------------------------------------------------------------------------

plot_formats = [("png", 144)]
plot_include_source = True
plot_html_show_formats = False
plot_html_show_source_link = False

# --- pages ----------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"scratchml {version}"
html_favicon = html_logo = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_sidebars = {"*": []}  # pages outside a folder have no section to navigate
html_copy_source = html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "scratchml"},
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["version"],
}
copybutton_exclude = ".linenos, .gp, .go"
