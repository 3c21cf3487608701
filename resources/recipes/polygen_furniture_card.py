"""The model card of `polygen-furniture`, written from what was measured."""

from __future__ import annotations

from typing import Any

from inference.models.polygen import PolyGenForMeshGeneration
from resources.furniture import LABELS

_TEXT = """\
---
license: apache-2.0
tags: [mesh-generation]
---
# polygen-furniture

A small PolyGen (Nash et al. 2020) trained from scratch for Headlight: it draws furniture vertex by vertex, then
polygon by polygon. {sizes}; {parameters:.1f} M parameters in half precision.
Up to {max_vertices} vertices and {max_face_tokens} face tokens; coordinates of 8 bits.

Classes: {classes}.

## Data
Procedural furniture of the project's own generator (`resources/furniture.py`): closed solids with plane faces, made
of parts that can be had or left out. {n_train:,} different meshes of {topologies:,} topologies (face lists), seeds from
{first_seed:,}; {vertices[0]} to {vertices[2]} vertices (median {vertices[1]}), {face_tokens[0]} to
{face_tokens[2]} face tokens (median {face_tokens[1]}). One topology in ten, chosen by a hash of its face list, is never
trained on.

## Training
Batches of {batch} meshes, seed {seed}, Muon for the matrices of the layers and AdamW for the rest; the learning rate
falls over the last 40 % of the steps of each run, which goes on from the one before. {passes} `jitter` is the share of
the meshes whose faces are learned from vertices with up to 6 % of the coordinates one off.

{commands}
    python -m resources.recipes.polygen_furniture_report --state DIR --n-test {n_test} --n-samples {n_each} \\
        --out resources/checkpoints/polygen-furniture

## Measured
On {n_test} fresh meshes of known topologies with other sizes, and {n_test} of {unseen_topologies} unseen topologies.
Bits are a vertex of the mesh, for both parts, without masks; top-1 is the share of next tokens guessed right.

{surprisal}

`uniform`: every token as probable as any other; `valid`: every token that the masks allow (the first 100 meshes). The
context model interpolates what came behind the same last tokens in all training meshes; it is given the number of
tokens that is best on the test set ({orders}).

Sampled with top-p {top_p}, {n_samples} meshes of their own ({n_each} of each class), and the faces of {n_given} true
meshes, whose vertices were given. `invalid`: tokens that no mesh can have there (masks leave none);
`plane`: faces within one bin of a plane; `closed`: meshes whose every edge belongs to an even number of faces;
`exact`: just the faces of the true mesh; `copies`: meshes that are in the training set, token for token.

{drawn}

## Aims
{aims}

## Limits
It knows its generator's furniture and nothing else; scores of other meshes say how far they are from that. {verdict}
"""


def card(report: dict[str, Any], net: PolyGenForMeshGeneration, *, n_each: int, top_p: float) -> str:
    """The card as Markdown."""
    config, runs = net.config, report["runs"]
    aims = _aims(report)
    missed = [name for name, *_, is_held in aims if not is_held]
    parameters = [sum(p.numel() for p in part.parameters()) / 1e6 for part in (net.vertex_model, net.face_model)]
    sizes = (
        f"{config.hidden_size} wide with {config.num_attention_heads} heads: {config.num_vertex_layers} layers for the "
        f"vertices ({parameters[0]:.2f} M parameters), {config.num_encoder_layers} to read them and "
        f"{config.num_face_layers} for the faces ({parameters[1]:.2f} M)"
    )
    shares = [runs[part]["steps"] * runs[part]["batch"] / report["n_train"] for part in ("vertices", "faces")]
    return _TEXT.format(
        sizes=sizes,
        parameters=sum(parameters),
        max_vertices=config.max_vertices,
        max_face_tokens=config.max_face_tokens,
        classes=", ".join(LABELS),
        n_train=report["n_train"],
        topologies=report["topologies"],
        first_seed=report["first_seed"],
        vertices=report["vertices"],
        face_tokens=report["face_tokens"],
        batch=runs["vertices"]["batch"],
        seed=runs["vertices"]["seed"],
        passes=f"That is {shares[0]:.2f} passes over the meshes for the vertices, {shares[1]:.2f} for the faces.",
        commands="\n".join(
            f"    python -m resources.recipes.polygen_furniture --state DIR --part {part} {stage}"
            for part in ("vertices", "faces")
            for stage in runs[part]["stages"]
        ),
        n_test=report["n_test"],
        unseen_topologies=report["unseen_topologies"],
        surprisal=_surprisal_table(report),
        orders=", ".join(
            f"{report[name][f'{part}_context_order']} for {plural} of {name} topologies"
            for name in ("known", "unseen")
            for part, plural in (("vertex", "vertices"), ("face", "faces"))
        ),
        top_p=top_p,
        n_samples=report["own_free"]["samples"],
        n_each=n_each,
        n_given=report["known_free"]["samples"],
        drawn=_drawn_table(report),
        aims=_table(
            ("aim", "measured", "reached"), [(name, text, "yes" if held else "**no**") for name, text, held in aims]
        ),
        verdict=f"Not reached: {'; '.join(missed)}." if missed else "All aims are reached.",
    )


def _surprisal_table(report: dict[str, Any]) -> str:
    header = ("", *(f"{part}, {name}" for name in ("known", "unseen") for part in ("vertices", "faces")))
    rows = []
    for title, key in (("uniform", "uniform"), ("valid", "valid"), ("context model", "context")):
        rows.append((title, *(f"{one[f'{part}_{key}']:.3g}" for one, part in _columns(report))))
    rows.append(("**polygen-furniture**", *(f"**{one[f'{part}_bits']:.3f}**" for one, part in _columns(report))))
    rows.append(("top-1", *(f"{one[f'{part}_top1']:.4f}" for one, part in _columns(report))))
    return _table(header, rows)


def _columns(report: dict[str, Any]) -> list[tuple[dict[str, float], str]]:
    return [(report[name], part) for name in ("known", "unseen") for part in ("vertex", "face")]


def _drawn_table(report: dict[str, Any]) -> str:
    header = ("", "masks", "invalid vertex", "invalid face", "meshes", "plane", "closed", "exact", "copies")
    rows = []
    for title, name in (
        ("its own", "own"), ("faces, known topologies", "known"), ("faces, unseen topologies", "unseen")
    ):  # fmt: skip
        for masks in ("free", "masked"):
            row = report[f"{name}_{masks}"]
            rows.append(
                (
                    title,
                    "no" if masks == "free" else "yes",
                    f"{row['invalid_vertex']:.2%}" if name == "own" else "-",
                    f"{row['invalid_face']:.2%}",
                    *(f"{row[key]:.3f}" for key in ("is_mesh", "planar", "closed")),
                    f"{row['exact']:.3f}" if "exact" in row else "-",
                    f"{row['duplicates']:.3f}" if name == "own" else "-",
                )
            )
    return _table(header, rows)


def _aims(report: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """What was wanted, what is, and whether it is reached."""
    known, unseen, free, masked = (report[name] for name in ("known", "unseen", "own_free", "own_masked"))
    invalid = f"{free['invalid']:.2%} (vertices {free['invalid_vertex']:.2%}, faces {free['invalid_face']:.2%})"
    rows = [
        ("vertices of known topologies, <= 1.1 bits", f"{known['vertex_bits']:.3f}", known["vertex_bits"] <= 1.1),
        ("faces of known topologies, <= 0.15 bits", f"{known['face_bits']:.3f}", known["face_bits"] <= 0.15),
        ("invalid tokens of its own meshes without masks, < 1.5 %", invalid, free["invalid"] < 0.015),
    ]
    for name, key, limit in (("plane faces", "planar", 0.95), ("closed meshes", "closed", 0.6)):
        text = f"{masked[key]:.1%} (without masks {free[key]:.1%})"
        rows.append((f"{name} with masks, >= {limit:.0%}", text, masked[key] >= limit))
    for part, plural in (("vertex", "vertices"), ("face", "faces")):
        share = unseen[f"{part}_bits"] / unseen[f"{part}_context"]
        rows.append(
            (f"{plural} of unseen topologies, <= half of the context model's bits", f"{share:.2f}", share <= 0.5)
        )
    return rows


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
