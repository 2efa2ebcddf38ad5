// What d3-sankey 0.12.3 makes of made graphs: sankey_expected.json, which sankey_layout_test reads.
//     npm install d3-sankey@0.12.3 && node make_sankey_expected.js > sankey_expected.json
// Order inside a column and of the links of a node is the tokens', as in the program.
const {sankey} = require("d3-sankey");

function graph(columns, tokens, links, height, gap) {
    const nodes = [];
    for (let column = 0; column < columns; ++column)
        for (let token = 0; token < tokens; ++token) nodes.push({column, token});
    const layout = sankey()
        .nodeAlign(node => node.column)
        .nodeSort((a, b) => a.token - b.token)
        .linkSort((a, b) => a.source.token - b.source.token || a.target.token - b.target.token)
        .nodeWidth(1).nodePadding(gap).extent([[0, 0], [100, height]]).iterations(6);
    const input = links.map(([lower, upper, value]) => ({source: lower, target: upper, value}));
    const out = layout({nodes: nodes.map(node => ({...node})), links: input});
    return {columns, tokens, height, gap, links,
            nodes: out.nodes.map(node => [node.y0, node.y1]),
            places: out.links.map(link => [link.y0, link.y1, link.width])};
}

// A small generator of our own, so that the graphs are the same everywhere.
let state = 12345;
function random() {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
}
// Every query of every layer has links to keys up to itself (causal) or to any; every key is the key of one.
function made(columns, tokens, perRow, causal) {
    const links = [];
    for (let column = 1; column < columns; ++column)
        for (let query = 0; query < tokens; ++query) {
            const keys = new Set([query]);
            while (keys.size < Math.min(perRow, causal ? query + 1 : tokens))
                keys.add(Math.floor(random() * (causal ? query + 1 : tokens)));
            for (const key of [...keys].sort((a, b) => a - b))
                links.push([(column - 1) * tokens + key, column * tokens + query, random()]);
        }
    return links;
}

const cases = [
    graph(3, 3, [[0, 3, 1], [0, 4, .5], [1, 4, .5], [0, 5, .8], [2, 5, .2], [3, 6, 1], [3, 7, .25],
                 [4, 7, .75], [5, 8, 1]], 120, 6),
    graph(4, 9, made(4, 9, 3, true), 240, 4),
    graph(9, 15, made(9, 15, 4, true), 300, 3),
    graph(5, 12, made(5, 12, 12, false), 200, 2),
];
console.log("[\n" + cases.map(entry => JSON.stringify(entry, (key, value) =>
    typeof value === "number" ? Number(value.toPrecision(11)) : value)).join(",\n") + "\n]");
