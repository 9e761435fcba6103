/* Sphinx's search, with names and guides before modules and modules before proofs. */
var Scorer = {
  score: ([page, , , , score, , kind]) =>
    score + (kind === "object" || /^(index|glossary|tutorials\/)/.test(page) ? 11 : /^(proofs|benchmarks)\//.test(page) ? -9 : 0),
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
