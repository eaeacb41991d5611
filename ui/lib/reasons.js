/**
 * lib/reasons: takes apart why a name is suspicious, so that it can be said in the language of the reader. The server says it in English sentences (src/match/model_explain.c,
 * src/match/brand.def, src/score/scorer_*.c: tests/lint/ui.t holds the shapes below against those); a sentence that we do not know is shown as it is.
 */
/** [shape, key of i18n]: what the groups catch fills {a}, {b}, {c}. The first that fits the whole sentence counts. */
export const SHAPES = [
  [/^(?:hosting )?suffix (\.\S+) seen in ([\d.]+ %) of confirmed and ([\d.]+ %) of benign names$/, 'reason.suffix'],
  [/^(?:hosting )?suffix (\.\S+) is rare among confirmed names$/, 'reason.suffix_rare'],
  [/^letters of sub-domain ('.*'|'.*\.\.\.) as in confirmed names$/, 'reason.sub_letters'],
  [/^letters of ('.*'|'.*\.\.\.) as in confirmed names under (\.\S+)$/, 'reason.letters_under'],
  [/^letters of ('.*'|'.*\.\.\.) as in confirmed names$/, 'reason.letters'],
  [/^order of vowels, consonants and digits in ('.*)$/, 'reason.sound'],
  [/^label shape (\S+) in (\d+) confirmed and (\d+) benign names$/, 'reason.shape'],
  [/^label shape (\S+)$/, 'reason.shape_alone'],
  [/^lengths: label (\d+), sub-domain (?:without www )?(\d+)$/, 'reason.lengths'],
  [/^words of ('.*) as in confirmed names$/, 'reason.words'],
  [/^sub-domain word ('.*) in (\d+) confirmed and (\d+) benign names$/, 'reason.sub_word'],
  [/^('.*') when decoded .+ ('[^']*')$/, 'reason.decoded'],
  [/^official domain left of another domain: ('.*')$/, 'reason.official_left'],
  [/^label is ('.*')$/, 'reason.label_is'],
  [/^whole word ('.*')$/, 'reason.word'],
  [/^label contains what looks like ('[^']*'): ('.*')$/, 'reason.contains_like'],
  [/^label contains ('[^']*'): ('.*')$/, 'reason.contains'],
  [/^looks like ('[^']*'): ('.*')$/, 'reason.like'],
  [/^label (\d) edits? from ('[^']*'): ('.*')$/, 'reason.edits'],
  [/^(\S+) is allow-listed for ('.*'): it never alarms$/, 'reason.allowed'],
  [/^(\S+) is an official name of ('.*'): it never alarms$/, 'reason.official'],
  [/^('.*') matches line (\d+) of the watch list: (.*)$/, 'reason.watch'],
  [/^(\d+) names under (\S+) in one certificate$/, 'reason.burst'],
  [/^and (\d+) reasons more$/, 'reason.more'],
]

/** What a sentence says: [key of i18n, what fills it]; null for one that we do not know. @param {string} said */
export function readReason(said) {
  for (const [shape, key] of SHAPES) {
    const found = shape.exec(said)
    if (found) return [key, { a: found[1], b: found[2], c: found[3] }]
  }
  return null
}
