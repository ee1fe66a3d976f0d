"use strict";
// Shows pairs, keeps every answer in the browser until it is safe elsewhere, and never learns which
// model made a video.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const box = (id) => document.getElementById(id);
  const online = data.collect === "server";
  const QUESTIONS = ["quality", "text", "overall"];
  const CHOICES = [["left", "A"], ["tie", "No difference"], ["right", "B"]];
  const PAIR_SECONDS = 12;

  // ---- what is remembered -------------------------------------------------------------------
  const key = `vfmodel-study-${data.study}`;
  const fresh = () => ({ rater: "", token: "", sheet: -1, trials: [], at: 0, answers: {}, drafts: {}, unsent: [] });
  let state = fresh();
  let kept = true;
  try {
    state = { ...state, ...JSON.parse(localStorage.getItem(key) || "{}") };
  } catch { kept = false; }
  const keep = () => {
    try { localStorage.setItem(key, JSON.stringify(state)); kept = true; } catch { kept = false; }
  };

  // ---- joining ------------------------------------------------------------------------------
  const randomName = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
  const post = async (path, body) => {
    const reply = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const answer = await reply.json().catch(() => ({}));
    if (reply.ok) return answer;
    throw Object.assign(new Error(answer.error || `the server said ${reply.status}`), { final: reply.status < 500 });
  };
  const join = async () => {
    if (online) return post("api/join", { study: data.study });
    const asked = Number.parseInt(new URLSearchParams(location.search).get("sheet") ?? "", 10);
    const sheet = asked >= 0 && asked < data.sheets.length
      ? asked
      : crypto.getRandomValues(new Uint32Array(1))[0] % data.sheets.length;
    const trials = data.sheets[sheet].map(([at, left, right]) => ({ prompt: data.prompts[at], left, right }));
    return { rater: randomName(), token: "", sheet, trials };
  };

  // ---- sending ------------------------------------------------------------------------------
  let sending = false;
  let refused = "";
  const send = async () => {
    if (!online || sending || !state.unsent.length || refused) return;
    sending = true;
    const batch = state.unsent.slice(0, 20);
    const answers = batch.map((position) => state.answers[position]);
    const sent = answers.map((answer) => JSON.stringify(answer));
    try {
      const { rater, sheet, token } = state;
      await post("api/votes", { study: data.study, rater, sheet, token, answers });
      // One that was changed in the meantime is still to be sent.
      state.unsent = state.unsent.filter(
        (p) => !batch.includes(p) || JSON.stringify(state.answers[p]) !== sent[batch.indexOf(p)],
      );
      keep();
      sending = false;
      send();
    } catch (error) {
      sending = false;
      if (error.final) refused = error.message;
      else setTimeout(send, 3000);
    }
    tell();
  };
  const tell = () => {
    const waiting = state.unsent.length;
    let text = waiting ? `${waiting} not saved yet` : "";
    if (refused) text = "answers cannot be saved";
    if (!kept) text = "this browser keeps nothing: do not reload";
    box("saved").textContent = text;
    if (!box("done").hidden) finish();
  };

  // ---- two videos in step -------------------------------------------------------------------
  const videos = [box("left"), box("right")];
  let paused = false;
  let watched = false;
  let slow = 0;
  const playBoth = () => {
    if (paused || box("trial").hidden) return;
    for (const video of videos) video.play().catch(() => {});
  };
  const rewind = () => {
    for (const video of videos) { video.pause(); video.currentTime = 0; }
    playBoth();
  };
  const ready = () => videos.every((video) => video.readyState >= 3);
  const load = () => {
    watched = state.at in state.answers;
    paused = false;
    box("trouble").hidden = true;
    box("stage").classList.add("waiting");
    const trial = state.trials[state.at];
    videos[0].src = `media/${trial.left}.mp4`;
    videos[1].src = `media/${trial.right}.mp4`;
    clearTimeout(slow);
    slow = setTimeout(() => { if (!ready()) box("trouble").hidden = false; }, 15000);
    const next = state.trials[state.at + 1];
    ahead = next ? [next.left, next.right].map((name) => {
      const video = document.createElement("video");
      video.muted = true;
      video.preload = "auto";
      video.src = `media/${name}.mp4`;
      return video;
    }) : [];
  };
  let ahead = []; // held, or the browser would forget what it has loaded
  for (const video of videos) {
    video.addEventListener("canplay", () => {
      if (!ready() || !box("stage").classList.contains("waiting")) return;
      box("stage").classList.remove("waiting");
      box("trouble").hidden = true;
      rewind();
    });
    video.addEventListener("ended", () => { watched = true; rewind(); check(); });
    video.addEventListener("error", () => { box("trouble").hidden = false; });
  }
  const align = () => {
    const gap = Math.abs(videos[0].currentTime - videos[1].currentTime);
    if (gap > 0.08 && !videos.some((video) => video.ended || video.seeking || video.paused)) {
      videos[1].currentTime = videos[0].currentTime;
    }
    requestAnimationFrame(align);
  };
  requestAnimationFrame(align);
  const toggle = () => {
    paused = !paused;
    if (paused) for (const video of videos) video.pause();
    else playBoth();
  };

  // ---- questions ----------------------------------------------------------------------------
  const fields = QUESTIONS.map((name) => document.querySelector(`[data-question=${name}]`));
  let active = 0;
  let shownAt = 0;
  for (const [index, name] of QUESTIONS.entries()) {
    const choices = fields[index].querySelector(".choices");
    for (const [value, text] of CHOICES) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name, value });
      label.append(input, text);
      choices.append(label);
    }
    fields[index].addEventListener("focusin", () => mark(index));
  }
  const draft = () => state.drafts[state.at] ?? state.answers[state.at] ?? {};
  const mark = (index) => {
    active = index;
    fields.forEach((field, i) => field.classList.toggle("active", i === index));
  };
  const choose = (index, value) => {
    state.drafts[state.at] = { ...draft(), [QUESTIONS[index]]: value };
    fields[index].querySelector(`[value=${value}]`).checked = true;
    keep();
    const open = QUESTIONS.findIndex((name) => !draft()[name]);
    mark(open < 0 ? index : open);
    check();
  };
  box("questions").addEventListener("change", (event) => {
    choose(QUESTIONS.indexOf(event.target.name), event.target.value);
  });
  const complete = () => QUESTIONS.every((name) => draft()[name]);
  const check = () => {
    const open = QUESTIONS.filter((name) => !draft()[name]).length;
    box("next").disabled = !complete() || !watched;
    let hint = "";
    if (open) hint = open === 3 ? "" : `${open} to answer`;
    else if (!watched) hint = "please watch to the end once";
    box("hint").textContent = hint;
  };

  // ---- moving -------------------------------------------------------------------------------
  const show = (name) => {
    for (const id of ["intro", "trial", "done"]) box(id).hidden = id !== name;
    if (name !== "trial") for (const video of videos) video.pause();
  };
  const go = (position) => {
    state.at = position;
    keep();
    if (position >= state.trials.length) { finish(); return; }
    show("trial");
    box("prompt").textContent = state.trials[position].prompt;
    box("progress").value = position / state.trials.length;
    box("count").textContent = `${position + 1} of ${state.trials.length}`;
    box("back").disabled = position === 0;
    for (const [index, name] of QUESTIONS.entries()) {
      for (const input of fields[index].querySelectorAll("input")) input.checked = draft()[name] === input.value;
    }
    const open = QUESTIONS.findIndex((name) => !draft()[name]);
    mark(open < 0 ? 0 : open);
    shownAt = Date.now();
    load();
    check();
    box("prompt").focus({ preventScroll: true });
    scrollTo(0, 0);
  };
  const record = (answer) => {
    const seconds = Math.round((Date.now() - shownAt) / 100) / 10;
    const before = state.answers[state.at]?.seconds ?? 0;
    state.answers[state.at] = { position: state.at, ...answer, seconds: Math.min(before + seconds, 86400) };
    delete state.drafts[state.at];
    if (online && !state.unsent.includes(state.at)) state.unsent.push(state.at);
    keep();
    tell();
    send();
    go(state.at + 1);
  };
  const next = () => {
    if (box("next").disabled) return;
    const { quality, text, overall } = draft();
    record({ quality, text, overall });
  };
  const back = () => { if (state.at > 0) go(state.at - 1); };
  const finish = () => {
    show("done");
    const count = Object.keys(state.answers).length;
    const whole = count >= state.trials.length;
    const waiting = state.unsent.length;
    box("done-title").textContent = whole ? "Thank you!" : "Paused";
    let text = `You have answered ${count} of ${state.trials.length} pairs.`;
    if (!online) text += " Please download your answers and send the file to whoever asked you.";
    else if (refused) text += ` They cannot be saved (${refused}). Please download them and send the file.`;
    else if (waiting) text += ` ${waiting} of them not saved yet; please leave this page open.`;
    else text += " All of them are saved; you may close this page.";
    if (!whole) text += " You can go on at any time in this browser.";
    box("done-text").textContent = text;
    box("done-note").textContent = "";
    box("download").hidden = online && !refused;
    box("resume").textContent = whole ? "Look at the last pair again" : "Go on with the pairs";
    box("other").hidden = online && waiting > 0;
  };
  const download = () => {
    const answers = Object.values(state.answers);
    const { rater, sheet } = state;
    const file = { format: "vfmodel-study-answers", schema_version: 1, study: data.study, rater, sheet, answers };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file)], { type: "application/json" }));
    link.download = `answers-${data.study}-${rater.slice(0, 8)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    box("done-note").textContent = `Downloaded as ${link.download}.`;
  };

  box("start").addEventListener("click", async () => {
    box("start").disabled = true;
    box("start-note").textContent = "";
    try {
      if (!state.rater) {
        state = { ...fresh(), ...(await join()) };
        keep();
      }
      go(state.at);
    } catch (error) {
      box("start-note").textContent = `That did not work: ${error.message}. Please try again.`;
    }
    box("start").disabled = false;
  });
  box("next").addEventListener("click", next);
  box("back").addEventListener("click", back);
  box("stop").addEventListener("click", () => { finish(); box("done-title").focus(); });
  box("skip").addEventListener("click", () => record({ skipped: true }));
  box("again").addEventListener("click", load);
  box("download").addEventListener("click", download);
  box("resume").addEventListener("click", () => go(Math.min(state.at, state.trials.length - 1)));
  box("other").addEventListener("click", () => {
    if (!online && !confirm("Are your answers downloaded? They will be removed from this page.")) return;
    state = fresh();
    refused = "";
    keep();
    begin();
  });
  document.addEventListener("keydown", (event) => {
    if (box("trial").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.closest?.("button");
    const keys = {
      ArrowLeft: () => choose(active, "left"), 1: () => choose(active, "left"),
      ArrowDown: () => choose(active, "tie"), 2: () => choose(active, "tie"),
      ArrowRight: () => choose(active, "right"), 3: () => choose(active, "right"),
      ArrowUp: () => mark(Math.max(0, active - 1)),
      Enter: onButton ? null : next, Backspace: back, " ": onButton ? null : toggle,
      r: rewind, R: rewind,
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    if (!event.repeat) act();
  });
  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) playBoth(); });

  // ---- beginning ----------------------------------------------------------------------------
  const begin = () => {
    box("stage").style.setProperty("--ratio", data.size[0] / data.size[1]);
    const { count } = data;
    const minutes = Math.max(1, Math.round((count * PAIR_SECONDS) / 60));
    box("amount").textContent = `${count} pairs, about ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`;
    box("privacy").textContent = online
      ? "Your answers are saved as you go, under a random number instead of your name. This browser remembers where you are."
      : "Your answers stay in this browser until you download them, under a random number instead of your name.";
    box("start").textContent = state.rater ? "Go on" : "Start";
    show("intro");
    box("start").focus();
    send();
  };
  if (state.rater && state.trials.length) {
    begin();
    go(state.at);
    send();
  } else begin();
})();
