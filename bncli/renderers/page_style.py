"""The looks of an HTML page: its style sheet, in light and dark."""

from __future__ import annotations

STYLE = """\
:root { color-scheme: light dark; --ink: #1d2125; --dim: #6a737d; --line: #d8dde2; --paper: #ffffff;
  --good: #1a7f37; --notice: #9a6700; --bad: #cf222e }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --dim: #9aa4ae; --line: #3a4149; --paper: #16191d;
  --good: #4ac26b; --notice: #d4a72c; --bad: #ff7b72 } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 72rem; margin: 2rem auto; padding: 0 1.5rem }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .9rem .25rem 0; white-space: nowrap }
th { border-bottom: 1px solid var(--dim); font-weight: 600 }
td { border-bottom: 1px solid var(--line) }
.sentence { white-space: normal; min-width: 22rem }
.left { text-align: left }
.right { text-align: right }
pre { overflow-x: auto; padding: .6rem .9rem; border: 1px solid var(--line) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 0 }
dt, .muted, footer { color: var(--dim) }
dd { margin: 0; overflow-wrap: anywhere }
.good { color: var(--good) }
.notice { color: var(--notice) }
.bad { color: var(--bad); font-weight: 600 }
figure { margin: 0; max-width: 45rem }
figcaption svg { margin-right: .4rem }
figcaption span { margin-right: 1.5rem; white-space: nowrap }
footer { margin-top: 2.5rem; font-size: .85rem }
"""
