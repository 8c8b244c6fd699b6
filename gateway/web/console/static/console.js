// What the pages do beyond htmx. Everything here is a convenience: all pages work without scripts.
"use strict";
(() => {
  const body = document.body;

  // The login ends two minutes after this shows, unless one click says that somebody is still here (WCAG 2.2.1).
  const notice = document.getElementById("expiry");
  const idle = Number(body.dataset.idle || 0);
  if (notice && idle) {
    let timer;
    const wait = () => {
      notice.hidden = true;
      clearTimeout(timer);
      timer = setTimeout(() => { notice.hidden = false; }, Math.max(0, idle - 120) * 1000);
    };
    document.getElementById("stay").addEventListener("click", () => {
      fetch(body.dataset.stay, { credentials: "same-origin" }).then((answer) => {
        if (answer.ok && answer.status === 204) wait(); else location.reload();
      });
    });
    document.addEventListener("htmx:after:swap", (event) => {
      if (!event.target.closest?.("#live")) wait();
    });
    wait();
  }

  // Figures that nobody brings up to date must not pass for good news.
  const live = document.querySelector("#live[data-patience]");
  const stale = document.getElementById("stale");
  if (live) {
    let timer;
    const patience = () => {
      clearTimeout(timer);
      if (!document.hidden) timer = setTimeout(() => { stale.hidden = false; }, Number(live.dataset.patience) * 1000);
    };
    const heard = () => {
      stale.hidden = true;
      patience();
    };
    // In a tab that nobody sees no figures are asked for: that is no outage, and waiting begins when it is seen again.
    document.addEventListener("visibilitychange", patience);
    document.addEventListener("htmx:after:swap", (event) => {
      if (event.target.closest?.("#live") && !(event.detail.ctx?.response?.status >= 400)) heard();
    });
    document.addEventListener("finished", () => clearTimeout(timer));
    heard();
  }

  // A page that says what went wrong belongs in the window, not into a part of another one.
  document.addEventListener("htmx:response:error", (event) => {
    const asked = event.detail.ctx;
    if (asked.hx.redirect) return;
    if (asked.sourceElement !== live) {
      location.assign(asked.request.action);
      return;
    }
    const crowded = asked.response.status === 429;
    if (crowded) stale.querySelector("p").textContent = stale.dataset.crowded;
    else setTimeout(() => location.reload(), 10000);
    stale.hidden = false;
  });

  // The login has ended, and a stream that is opened again and again would never say so.
  document.addEventListener("htmx:sse:error", (event) => { if (event.detail.status === 401) location.reload(); });

  // A button that acts on ticked boxes says on how many, and needs at least one.
  for (const button of document.querySelectorAll("button[data-count]")) {
    const boxes = [...button.form.querySelectorAll("input[type=checkbox][name=delivery]")];
    const label = () => {
      const n = boxes.filter((box) => box.checked).length;
      button.textContent = button.dataset.count.replace("{n}", n);
      button.disabled = n === 0;
    };
    button.form.addEventListener("change", label);
    // Whoever comes back finds the boxes ticked: the browser does that after this, and without a change event.
    window.addEventListener("pageshow", label);
    label();
    for (const place of button.form.querySelectorAll("[data-every]")) {
      place.hidden = false;
      const every = place.querySelector("input");
      every.addEventListener("change", () => { for (const box of boxes) box.checked = every.checked; });
    }
  }

  // After a filter the new results get a short spoken sentence.
  document.addEventListener("htmx:after:swap", () => {
    const results = document.querySelector("#results .gw-more");
    const place = document.getElementById("announcement");
    if (results && place && place.textContent !== results.textContent) place.textContent = results.textContent;
  });

  // A form with a passkey asks the browser for it, and goes out with the answer.
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      const note = form.querySelector(".gw-passkey-note");
      passkey(form.dataset.passkey, JSON.parse(form.dataset.options)).then((credential) => {
        form.elements.credential.value = JSON.stringify(credential.toJSON());
        form.requestSubmit();
      }).catch((error) => {
        note.hidden = false;
        note.textContent = trouble(error);
      });
    });
  }

  // Async, so that a browser without these functions ends in the note as well.
  async function passkey(purpose, options) {
    return purpose === "create"
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  }

  function trouble(error) {
    if (error instanceof TypeError || error instanceof ReferenceError) {
      return "This browser cannot use passkeys here. Take a newer one, or use the code generator.";
    }
    return error.name === "InvalidStateError"
      ? "This passkey is one of your second factors already. Add another one."
      : "The browser gave no passkey. Try again, or use the code generator.";
  }

  // The job has ended: the page shows what it may do now.
  document.addEventListener("finished", () => location.reload());
})();
