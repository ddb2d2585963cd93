"""How the status page looks: a few rules, light and dark, wide and narrow."""

STYLE = """
:root { color-scheme: light dark; --soft: #59636e; --line: #d1d9e0; --card: #f6f8fa; --good: #1a7f37; --bad: #cf222e; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 0 1rem 2rem; }
h1 { font-size: 1.5rem; margin: 1rem 0 0; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
.soft, footer { color: var(--soft); } footer { font-size: .85rem; margin-top: 2rem; }
.alarm { border-left: 4px solid var(--bad); padding: .4rem .8rem; background: var(--card); }
article { border: 1px solid var(--line); padding: .6rem .9rem; margin: .5rem 0; border-radius: 4px; }
article { border-left-width: 4px; }
article.open { border-left-color: var(--good); } article.shut { border-left-color: var(--bad); }
article p { margin: .4rem 0 0; } ul { margin: .4rem 0 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
.badge { font-size: .8rem; font-weight: 600; border-radius: 1rem; padding: .1rem .6rem; }
.badge { color: #fff; white-space: nowrap; }
.open .badge { background: var(--good); } .shut .badge { background: var(--bad); }
code { font: .9em ui-monospace, monospace; background: var(--card); padding: 0 .25em; border-radius: 3px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; vertical-align: top; }
th { font-size: .85rem; color: var(--soft); font-weight: 600; } tr { border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; } summary { cursor: pointer; color: var(--soft); }
progress { width: 100%; height: .9rem; accent-color: var(--good); }
.wide { overflow-x: auto; } .wide svg { min-width: 42rem; display: block; }
@media (prefers-color-scheme: dark) {
  :root { --soft: #9198a1; --line: #3d444d; --card: #151b23; --good: #238636; --bad: #da3633; }
  body { background: #0d1117; color: #f0f6fc; }
}
@media (max-width: 40rem) {
  thead { position: absolute; left: -100vw; } tr { display: block; padding: .4rem 0; }
  td { display: flex; gap: .6rem; padding: .1rem 0; } td:empty { display: none; }
  td::before { content: attr(data-name); flex: 0 0 6rem; color: var(--soft); font-size: .85rem; }
}
"""
