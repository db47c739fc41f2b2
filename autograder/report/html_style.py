"""The style of a report's HTML.

Notebooks have strong styles for tables of their own, so the rules name the sheet's class twice. A dark front
end is known by its marks: JupyterLab's ``data-jp-theme-light``, VS Code's classes of ``body``, and Colab's
``theme``. A page without any of them follows the browser.
"""

_LIGHT = """
  --ag-paper: #ffffff; --ag-ground: #f4f5f6; --ag-ink: #1d1f23; --ag-soft: #5a5f69; --ag-rule: #d4d6da;
  --ag-accent: #1d5bb8; --ag-good: #17692f; --ag-bad: #b3261e; --ag-open: #8a4b00; --ag-tint: #e8effa;
"""
_DARK = """
  --ag-paper: #1d2026; --ag-ground: #15171b; --ag-ink: #e7e8eb; --ag-soft: #a6abb5; --ag-rule: #3d434e;
  --ag-accent: #8ab6f9; --ag-good: #7fd69a; --ag-bad: #ff9c94; --ag-open: #f2bd78; --ag-tint: #24324a;
"""
_NO_MARK = ':root:not([theme]) body:not([data-jp-theme-light], [class*="vscode"])'

RULES = """
.ag-report.ag-report { background: var(--ag-paper); border: 1px solid var(--ag-rule); border-radius: 10px;
  box-sizing: border-box; max-width: 60rem; padding: 1rem 1.15rem; }
.ag-report, .ag-details { color: var(--ag-ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans",
  sans-serif; overflow-wrap: anywhere; }
.ag-report p, .ag-details p { margin: 0.4rem 0; white-space: pre-line; }
.ag-report.ag-report code, .ag-details.ag-details code { background: none; color: inherit; padding: 0;
  font: 0.92em ui-monospace, Consolas, "DejaVu Sans Mono", monospace; }
.ag-report .ag-soft { color: var(--ag-soft); font-size: 0.9em; margin-top: 0; }
.ag-report .ag-closing { font-weight: 600; }
.ag-report .ag-warning { background: var(--ag-tint); border-left: 4px solid var(--ag-open);
  border-radius: 4px; color: var(--ag-open); padding: 0.5rem 0.8rem; }
.ag-report .ag-scroll { overflow-x: auto; }
.ag-report.ag-report .ag-table { background: none; border: 0; border-collapse: collapse; color: inherit;
  font: inherit; margin: 0.4rem 0 0.8rem; table-layout: auto; width: 100%; }
.ag-report.ag-report .ag-row { background: none; border: 0; }
.ag-report.ag-report .ag-row > * { background: none; border: 0; border-top: 1px solid var(--ag-rule);
  color: inherit; font-weight: 400; line-height: 1.45; max-width: none;
  padding: 0.4rem 1rem 0.4rem 0; text-align: left;
  vertical-align: baseline; white-space: normal; }
.ag-report.ag-report thead .ag-row > * { border-top: 0; color: var(--ag-soft); font-size: 0.85em;
  font-weight: 600; }
.ag-report.ag-report .ag-whole > th { font-weight: 600; min-width: 9rem; }
.ag-report.ag-report .ag-row > :last-child { padding-right: 0; width: 58%; }
.ag-report.ag-report .ag-part > * { border-top: 0; padding-top: 0; }
.ag-report.ag-report .ag-part > th { padding-left: 1rem; }
.ag-report.ag-report .ag-row > .ag-number { font-variant-numeric: tabular-nums; text-align: right;
  white-space: nowrap; }
.ag-mark { font-weight: 600; white-space: nowrap; }
.ag-good { color: var(--ag-good); }
.ag-bad { color: var(--ag-bad); }
.ag-open { color: var(--ag-open); }
.ag-check.ag-check, .ag-more.ag-more { color: var(--ag-ink); }
.ag-check { border-top: 1px solid var(--ag-rule); }
.ag-check > summary { cursor: pointer; padding: 0.5rem 0; }
.ag-report summary, .ag-details summary { display: list-item; }
.ag-report :focus-visible, .ag-details :focus-visible { outline: 2px solid var(--ag-accent);
  outline-offset: 2px; border-radius: 3px; }
.ag-report .ag-details { padding: 0 0 0.6rem 1.1rem; }
.ag-details .ag-mistake { background: var(--ag-tint); border-left: 4px solid var(--ag-accent);
  border-radius: 4px; padding: 0.5rem 0.8rem; }
.ag-details .ag-matrices { display: flex; flex-wrap: wrap; gap: 0.5rem 1.2rem; margin: 0.5rem 0; }
.ag-matrix { max-width: 100%; min-width: 0; }
.ag-name { color: var(--ag-soft); display: block; font-size: 0.85em; font-weight: 600; }
.ag-report.ag-report .ag-pre, .ag-details .ag-pre { background: var(--ag-ground); border: 0;
  border-radius: 6px; color: var(--ag-ink); margin: 0.15rem 0; max-height: 30rem; overflow: auto;
  padding: 0.45rem 0.7rem; white-space: pre; font: 0.87em/1.45 ui-monospace, Consolas, "DejaVu Sans Mono",
  monospace; }
.ag-details .ag-terms { font-family: ui-monospace, Consolas, "DejaVu Sans Mono", monospace;
  font-size: 0.92em; }
.ag-details .ag-picture { background: #ffffff; border: 1px solid var(--ag-rule); border-radius: 8px;
  display: block; height: auto; margin: 0.6rem 0; max-width: 100%; }
.ag-details .ag-drawing { min-width: 32rem; }
.ag-details .ag-scroll { overflow-x: auto; }
.ag-details .ag-hints { margin: 0.5rem 0; padding-left: 1.2rem; }
.ag-more > summary { color: var(--ag-soft); cursor: pointer; font-size: 0.92em; padding: 0.2rem 0; }
@media (max-width: 40rem) {
  .ag-report.ag-report { padding: 0.7rem 0.75rem; }
  .ag-report .ag-details { padding-left: 0; }
  .ag-report.ag-report .ag-row { display: grid; grid-template-columns: 1fr auto; padding: 0.4rem 0;
    border-top: 1px solid var(--ag-rule); }
  .ag-report.ag-report .ag-row > * { border: 0; padding: 0; }
  .ag-report.ag-report .ag-row > th, .ag-report.ag-report .ag-row > :last-child { grid-column: 1 / -1;
    width: auto; }
  .ag-report.ag-report .ag-row > .ag-number { grid-column: 2; grid-row: 1; }
  .ag-report.ag-report thead { display: none; }
}
@media print {
  .ag-report.ag-report .ag-pre, .ag-details .ag-pre { max-height: none; white-space: pre-wrap; }
  .ag-details .ag-drawing { min-width: 0; }
  .ag-check, .ag-picture, .ag-matrix { break-inside: avoid; }
}
"""
STYLE = f"""
.ag-report, .ag-details, .ag-mark {{{_LIGHT}}}
:is([data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast:not(.vscode-high-contrast-light),
  :root[theme="dark"]) :is(.ag-report, .ag-details, .ag-mark) {{{_DARK}}}
@media screen and (prefers-color-scheme: dark) {{
  {_NO_MARK} :is(.ag-report, .ag-details, .ag-mark) {{{_DARK}}}
}}
{RULES}"""
