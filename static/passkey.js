// Passkeys: the browser is asked with what the server wrote into the form, and its answer is sent back with it.
"use strict";
(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const options = JSON.parse(form.dataset.options);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  if (options.excludeCredentials) options.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = known(options.allowCredentials);

  const made = (answer) => ({
    attestationObject: text(answer.attestationObject),
    clientDataJSON: text(answer.clientDataJSON),
    transports: answer.getTransports ? answer.getTransports() : [],
  });

  const shown = (answer) => ({
    authenticatorData: text(answer.authenticatorData),
    clientDataJSON: text(answer.clientDataJSON),
    signature: text(answer.signature),
    ...(answer.userHandle ? { userHandle: text(answer.userHandle) } : {}),
  });

  const send = (passkey) => {
    form.elements.credential.value = JSON.stringify({
      id: passkey.id,
      rawId: text(passkey.rawId),
      type: passkey.type,
      response: form.dataset.passkey === "create" ? made(passkey.response) : shown(passkey.response),
      extensions: JSON.stringify(passkey.getClientExtensionResults()),
    });
    form.submit();
  };

  const asked = form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: options })
    : navigator.credentials.get({ publicKey: options });
  asked.then(send).catch(() => { document.querySelector("[data-passkey-failed]").hidden = false; });
})();
