// TV mode: one group of numbers at a time, a new one every 20 seconds.
const TURN_MS = 20_000;

export function start({ root }) {
  let at = 0;
  const turn = () => {
    const groups = [...root.querySelectorAll("[data-turn]")].filter((group) => group.querySelector(".card, li"));
    groups.forEach((group, place) => { group.hidden = place !== at % groups.length; });
    at += 1;
  };
  turn();
  setInterval(turn, TURN_MS);
}
