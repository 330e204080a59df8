import { randomInt } from 'node:crypto';

/** Docker's way of naming what nobody named (moby: pkg/namesgenerator): a mood and a scientist or hacker. */
const MOODS =
  `admiring adoring affectionate agitated amazing awesome beautiful blissful bold brave busy charming clever
compassionate competent condescending confident cool cranky crazy dazzling determined distracted dreamy eager ecstatic
elastic elated elegant eloquent epic exciting fervent festive flamboyant focused friendly frosty funny gallant gifted
goofy gracious great happy hardcore heuristic hopeful hungry infallible inspiring intelligent interesting jolly jovial
keen kind laughing loving lucid magical modest musing mystifying naughty nervous nice nifty nostalgic objective
optimistic peaceful pedantic pensive practical priceless quirky quizzical recursing relaxed reverent romantic sad serene
sharp silly sleepy stoic strange stupefied suspicious sweet tender thirsty trusting unruffled upbeat vibrant vigilant
vigorous wizardly wonderful xenodochial youthful zealous zen`.split(/\s+/);
const PEOPLE =
  `agnesi albattani allen almeida archimedes ardinghelli aryabhata austin babbage banach bardeen bartik bassi
bell benz bhabha bhaskara blackwell bohr booth borg bose boyd brahmagupta brattain brown carson cerf chandrasekhar
clarke colden cori cray curie darwin davinci diffie dijkstra dubinsky easley edison einstein elion engelbart euclid
euler faraday feistel fermat fermi feynman franklin galileo gates goldberg goldstine goldwasser golick goodall hamilton
haslett hawking heisenberg hellman hermann herschel hertz heyrovsky hodgkin hofstadter hoover hopper hugle hypatia
jackson jang jennings jepsen johnson joliot jones kalam kare keller kepler khorana kilby kirch knuth kowalevski lalande
lamarr lamport leakey leavitt lewin lichterman liskov lovelace lumiere mahavira mayer mccarthy mcclintock mclean
mcnulty meitner mendel mendeleev mestorf minsky mirzakhani montalcini morse murdock neumann newton nightingale nobel
noether northcutt noyce panini pare pasteur payne perlman pike poincare poitras ptolemy raman ramanujan ride ritchie
robinson roentgen rosalind saha sammet shannon shaw shirley shockley sinoussi snyder spence stallman stonebraker
swanson swartz swirles tesla thompson torvalds turing varahamihira villani visvesvaraya volhard wescoff wiles williams
wilson wing wozniak wright yalow yonath`.split(/\s+/);

/** A name that `taken` does not know. */
export function randomName(taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const name = `${pick(MOODS)}_${pick(PEOPLE)}`;
    const numbered = attempt < 6 ? name : `${name}${randomInt(10 ** Math.min(attempt - 5, 9))}`;
    if (!taken(numbered)) return numbered;
  }
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? 'quiet';
}
