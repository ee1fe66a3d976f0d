"use strict";
// Filters, sorts and plays the gallery's cards. The page is complete without it, but for playing.
(() => {
  const list = document.getElementById("cards");
  if (!list) return;
  const clips = JSON.parse(document.getElementById("data").textContent);
  const cards = [...list.children];
  const box = (name) => document.getElementById(name);
  const text = (clip) =>
    [...Object.values(clip.captions), clip.title, clip.category, clip.clip_id, clip.source]
      .join(" ")
      .toLowerCase();
  const texts = clips.map(text);

  const offer = (name, values) => {
    const found = [...new Set(values.filter(Boolean))].sort();
    for (const value of found) box(name).add(new Option(value, value));
    box(name).parentElement.hidden = found.length === 0;
  };
  offer("category", clips.map((clip) => clip.category));
  offer("selection", clips.flatMap((clip) => clip.selections));
  offer("sort", ["duration_s", ...clips.flatMap((clip) => Object.keys(clip.scores))]);

  const number = (index, name) => {
    const value = name === "duration_s" ? clips[index].duration_s : clips[index].scores[name];
    return value === undefined ? -Infinity : value;
  };
  const fits = (index) => {
    const words = box("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const { category, selections } = clips[index];
    return (
      words.every((word) => texts[index].includes(word)) &&
      (!box("category").value || category === box("category").value) &&
      (!box("selection").value || selections.includes(box("selection").value))
    );
  };
  const update = () => {
    const by = box("sort").value;
    const order = cards.map((_, index) => index);
    if (by) order.sort((a, b) => number(b, by) - number(a, by) || a - b);
    let shown = 0;
    for (const index of order) {
      cards[index].hidden = !fits(index);
      shown += cards[index].hidden ? 0 : 1;
      list.append(cards[index]);
    }
    box("shown").textContent = `${shown} shown`;
    box("nothing").hidden = shown > 0;
  };
  box("filters").addEventListener("input", update);
  box("filters").addEventListener("submit", (event) => event.preventDefault());

  const play = (card) => {
    const stage = card.querySelector(".stage");
    const coded = box(`video-${card.dataset.index}`).textContent;
    const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
    const video = document.createElement("video");
    const { clip_id: name, codec } = clips[card.dataset.index];
    video.setAttribute("aria-label", name);
    video.controls = video.loop = video.muted = video.playsInline = true;
    video.addEventListener("error", () => {
      const note = document.createElement("span");
      note.className = "blank";
      note.textContent = `this browser does not play ${codec}`;
      video.replaceWith(note);
    });
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
    stage.classList.add("playing");
    stage.append(video);
    video.focus();
    video.play().catch(() => {}); // the error event says why
  };
  list.addEventListener("click", (event) => {
    const button = event.target.closest(".play");
    if (button) play(button.closest(".card"));
  });
})();
