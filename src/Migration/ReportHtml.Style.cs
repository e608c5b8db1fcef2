namespace Migration;

/// <summary>The style sheet. Text keeps a contrast of at least 4.5 to 1 in both colour schemes.</summary>
public static partial class ReportHtml
{
    private const string Style = """
        :root{color-scheme:light dark;--page:#f4f5f8;--card:#fff;--ink:#171b26;--soft:#545c6e;--line:#dfe3eb;--fill:#eef1f6;
        --good:#14794b;--good-bg:#e6f5ec;--open:#4658a9;--open-bg:#eaedfa;--warn:#96540a;--warn-bg:#fdf1dc;--bad:#c0223b;--bad-bg:#fdeaed;
        --source:#2f6bd8;--destination:#0f7f79;--verify:#8a63c9;--diff:#d8304a;--accounted:#e08a1e;--link:#2257b8;--shade:#0b14302b}
        @media screen and (prefers-color-scheme:dark){:root{--page:#0f1218;--card:#181c25;--ink:#e8ebf2;--soft:#a3acbd;--line:#2c3341;--fill:#222835;
        --good:#4fcf8e;--good-bg:#12301f;--open:#9fb0ff;--open-bg:#1e2546;--warn:#f3b355;--warn-bg:#372509;--bad:#ff8190;--bad-bg:#3d151c;
        --source:#6d9dff;--destination:#35c2b6;--verify:#b596f0;--diff:#ff5a70;--accounted:#f3b355;--link:#8fb4ff;--shade:#000a}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
        body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        main{max-width:1160px;margin:0 auto;padding:16px;display:grid;gap:20px;grid-template-columns:minmax(0,1fr)}
        h1,h2,h3,p,ul,ol,dl,dd,figure{margin:0;padding:0}
        h2{font-size:1.2rem;line-height:1.3;margin-bottom:10px;letter-spacing:-.01em}
        h3{font-size:1rem;line-height:1.4}
        a{color:var(--link)}
        a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
        code,samp{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em;unicode-bidi:isolate}
        small,.rest,.scale,.axis,.buckets,.counts{color:var(--soft);font-size:.82rem}
        .rest{margin-top:8px}
        section,.verdict,.tile,.end,.chart,.entry{min-width:0}
        section{scroll-margin-top:12px}
        .t{white-space:nowrap}
        .empty{background:var(--card);border:1px dashed var(--line);border-radius:12px;padding:14px 16px;color:var(--soft)}
        .good{--tone:var(--good);--tone-bg:var(--good-bg)}.open{--tone:var(--open);--tone-bg:var(--open-bg)}
        .warn{--tone:var(--warn);--tone-bg:var(--warn-bg)}.bad{--tone:var(--bad);--tone-bg:var(--bad-bg)}

        .verdict{background:var(--card);border:1px solid var(--line);border-radius:16px;overflow-wrap:anywhere}
        .headline{display:flex;align-items:center;gap:16px;padding:18px 20px;background:var(--tone-bg);border-radius:15px 15px 0 0;border-top:6px solid var(--tone)}
        .icon{width:64px;height:64px;flex:none;color:var(--tone)}
        h1{color:var(--tone);font-size:clamp(2rem,7vw,3rem);line-height:1.1;letter-spacing:-.025em}
        .kicker{color:var(--soft);font-size:.82rem;display:flex;flex-wrap:wrap;gap:0 .8em}
        .sentence{padding:16px 20px 0;font-size:1.12rem;font-weight:600;line-height:1.45}
        .failure{margin:14px 20px 0;padding:12px 14px;border-left:4px solid var(--tone);background:var(--tone-bg);border-radius:0 8px 8px 0}
        .verdict h2{font-size:.8rem;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin-bottom:6px}
        .next{padding:16px 20px 20px}
        .next ol{padding-left:1.4em;display:grid;gap:4px}

        .tiles{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(min(100%,9.4rem),1fr))}
        .tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 14px;border-top:3px solid var(--tone,var(--line));display:flex;flex-direction:column;container-type:inline-size}
        .tile dt{font-size:.82rem;color:var(--soft);font-weight:600}
        .tile dd{font-size:.78rem;line-height:1.4;color:var(--soft)}
        .tile dd.number{font-size:clamp(.85rem,138cqi/var(--characters),1.5rem);min-height:2.1rem;line-height:1.25;display:flex;align-items:center;font-weight:700;letter-spacing:-.02em;color:var(--tone,var(--ink))}

        .route{display:grid;grid-template-columns:minmax(0,1fr) auto minmax(0,1fr);gap:12px;align-items:center}
        .end{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--series);border-radius:12px;padding:12px 16px;font-size:.9rem;align-self:stretch}
        .end h2{font-size:.82rem;margin:0;color:var(--series);letter-spacing:0}
        .end.source{--series:var(--source)}.end.destination{--series:var(--destination)}
        .url{font-weight:600;font-size:1rem}.arrow{font-size:1.5rem;color:var(--soft);line-height:1}

        .note{background:var(--warn-bg);border-left:4px solid var(--warn);border-radius:0 12px 12px 0;padding:14px 18px}
        .note h2{font-size:1rem;color:var(--warn);margin-bottom:4px}.note ul{padding-left:1.2em}
        nav{display:flex;flex-wrap:wrap;gap:8px}
        nav a{background:var(--card);border:1px solid var(--line);border-radius:99px;padding:6px 13px;font-size:.85rem;text-decoration:none}
        nav a:hover{border-color:var(--link)}nav b{color:var(--soft);font-weight:600;margin-left:3px}

        .legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;font-size:.82rem;color:var(--soft);margin:6px 0 10px}
        .swatch{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-1px;background:var(--source)}
        .swatch.destination,.bar .destination{background:var(--destination)}.swatch.verify,.bar .verify{background:var(--verify)}.swatch.diff{background:var(--diff)}
        .swatch.window{background:var(--bad-bg);border:1px solid var(--diff)}
        .charts{display:grid;gap:14px;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));margin-bottom:14px}
        .chart{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px}
        .chart.bad{border-color:var(--diff)}
        .state{color:var(--tone);font-size:.85rem;font-weight:600;margin:2px 0 6px}
        .state::before{content:"✓ "}.open .state::before{content:"○ "}.warn .state::before{content:"! "}.bad .state::before{content:"≠ "}
        .plot{display:block;width:100%;height:190px}.plot.single{height:110px}
        .plot .source{fill:var(--source)}.plot .destination{fill:var(--destination)}
        .plot .diff{fill:var(--diff);stroke:var(--diff);stroke-width:2;vector-effect:non-scaling-stroke}
        .warn .plot .diff,.swatch.diff.warn{--diff:var(--accounted)}.open .plot .diff,.swatch.diff.open{--diff:var(--soft)}
        .plot .window{fill:var(--diff);fill-opacity:.22}
        .plot .grid,.plot .base{fill:none;stroke:var(--line);vector-effect:non-scaling-stroke}.plot .base{stroke:var(--soft);stroke-opacity:.6}
        .scale,.axis{display:flex;justify-content:space-between;gap:4px 12px;flex-wrap:wrap}.scale b{color:var(--ink)}
        .axis{flex-wrap:nowrap;border-top:1px solid var(--line);margin-top:3px;padding-top:2px;white-space:nowrap}
        details{margin-top:8px;font-size:.88rem}summary{cursor:pointer;color:var(--link)}

        .scroll{overflow-x:auto;background:linear-gradient(90deg,var(--card) 40%,transparent) 0/48px 100% no-repeat local,
        linear-gradient(270deg,var(--card) 40%,transparent) 100%/48px 100% no-repeat local,linear-gradient(90deg,var(--shade),transparent) 0/14px 100% no-repeat,
        linear-gradient(270deg,var(--shade),transparent) 100%/14px 100% no-repeat,var(--card);border:1px solid var(--line);border-radius:12px;max-width:100%}
        details .scroll{margin-top:6px}
        table{border-collapse:collapse;width:100%;font-size:.87rem;overflow-wrap:normal}
        caption{text-align:left;padding:10px 14px 4px;color:var(--soft);font-size:.82rem}
        th,td{padding:7px 11px;text-align:left;vertical-align:top;white-space:nowrap}
        td.name{white-space:normal;min-width:10rem;max-width:24rem;overflow-wrap:anywhere}
        thead th{color:var(--soft);font-size:.8rem;font-weight:600;border-bottom:1px solid var(--line)}
        tbody tr+tr>*{border-top:1px solid var(--line)}tbody th{font-weight:600}
        .n{text-align:right}td.warn,tr.warn td.n,tr.bad td.n{color:var(--tone);font-weight:600}
        .bar{display:flex;height:5px;min-width:72px;margin-top:4px;background:var(--fill);border-radius:3px;overflow:hidden}
        .bar i{background:var(--source);min-width:1px}.bar i.rate{background:var(--verify)}.bar i.time{background:var(--soft)}

        .entries{list-style:none;display:grid;gap:10px;margin-top:10px;grid-template-columns:minmax(0,1fr)}
        .entry{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 16px;display:grid;gap:6px;font-size:.9rem;grid-template-columns:minmax(0,1fr)}
        .what{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 16px}.what h3{min-width:0}.amount{color:var(--soft)}.amount b{color:var(--ink)}
        .badge{display:inline-block;background:var(--tone-bg,var(--fill));color:var(--tone,var(--soft));border-radius:6px;padding:1px 8px;font-size:.78rem;font-weight:600}
        section>details>summary{margin-top:10px;font-weight:600}.range{color:var(--soft)}.examples{padding-left:1.2em}
        .pairs{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:6px 18px;font-size:.9rem}.pairs dt{color:var(--soft)}
        #request .pairs{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px}
        footer{max-width:1160px;margin:0 auto;padding:4px 16px 32px;color:var(--soft);font-size:.82rem}
        @media (max-width:640px){main{padding:12px;gap:16px}.headline{padding:14px 16px;gap:12px}.icon{width:52px;height:52px}
        .sentence{padding:14px 16px 0;font-size:1.05rem}.next{padding:14px 16px 16px}.failure{margin:12px 16px 0}
        .route{grid-template-columns:minmax(0,1fr);gap:4px}.arrow{justify-self:center;transform:rotate(90deg)}
        .pairs{grid-template-columns:minmax(0,1fr);gap:0}.pairs dd{margin-bottom:8px}.pairs dd:last-child{margin-bottom:0}
        .axis span:nth-child(even){display:none}.range .t{display:block}}
        @media print{details::details-content{content-visibility:visible;height:auto}summary{display:none}body{font-size:11px}main{max-width:none;padding:0;gap:12px}nav{display:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        .verdict,.chart,.tile,.entry,tr{break-inside:avoid}.scroll{overflow:visible}th,td{padding:3px 5px;white-space:normal}table{font-size:8px}}
        """;
}
