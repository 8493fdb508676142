// Reads PowerShell from the standard input and writes what it is made of: its commands and
// its texts in quotes.
const { Parser, Language } = require("web-tree-sitter");
const path = require("path");
(async () => {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(path.join(path.dirname(require.resolve("tree-sitter-powershell/package.json")), "tree-sitter-powershell.wasm")));
  const root = parser.parse(require("fs").readFileSync(0, "utf8")).rootNode;
  const of = type => root.descendantsOfType(type).map(n => n.text);
  console.log(JSON.stringify({ broken: root.hasError, commands: of("command_name"), texts: of("verbatim_string_characters") }));
})();
