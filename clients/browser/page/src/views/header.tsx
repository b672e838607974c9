import { LANGUAGES, type Language, language, setLanguage, text } from "../i18n/index.js";
import { dialog } from "../state/dialog.js";
import { failureText } from "../state/failures.js";
import { notify } from "../state/notices.js";
import { setTheme, THEMES, theme } from "../state/preferences.js";
import { totals } from "../state/queue.js";
import { me, session, signOut, takenBytes } from "../state/session.js";
import { focusSoon } from "./focus.js";
import { Icon, Logo } from "./icons.js";

/** The bar at the top. */
export function Header() {
  const { app, settings } = text.value;
  const isSignedIn = session.value === "in" || session.value === "ended";
  return (
    <header class="bar">
      {isSignedIn && (
        <button type="button" class="skip primary" onClick={() => focusSoon("#files")}>
          {app.skip}
        </button>
      )}
      <Brand heading={session.value !== "out"} />
      {isSignedIn && <StorageButton />}
      <label class="choice" title={settings.language}>
        <Icon name="language" />
        <span class="visually-hidden">{settings.language}</span>
        <select
          value={language.value}
          onChange={(event) => setLanguage(event.currentTarget.value as Language)}
        >
          {Object.entries(LANGUAGES).map(([tag, { name }]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="choice" title={settings.theme}>
        <Icon name="theme" />
        <span class="visually-hidden">{settings.theme}</span>
        <select
          value={theme.value}
          onChange={(event) =>
            setTheme(THEMES.find((candidate) => candidate === event.currentTarget.value) ?? "system")
          }
        >
          {THEMES.map((option) => (
            <option key={option} value={option}>
              {settings[option]}
            </option>
          ))}
        </select>
      </label>
      {isSignedIn && <CurrentUser />}
    </header>
  );
}

/** The product's name; it is the page's heading if there is no other. */
function Brand({ heading }: { heading: boolean }) {
  const name = <span class="brand-name">Sluice</span>;
  return (
    <div class="brand">
      <Logo />
      {heading ? <h1>{name}</h1> : name}
    </div>
  );
}

function StorageButton() {
  const { storage } = text.value;
  if (me.value === undefined) return null;
  return (
    <button
      type="button"
      class="storage-button"
      onClick={() => {
        dialog.value = { kind: "storage" };
      }}
    >
      <Icon name="chart" />
      <span class="visually-hidden">{storage.title}: </span>
      <span class="wide-text">{storage.short(takenBytes(me.value), me.value.quotaBytes)}</span>
    </button>
  );
}

function CurrentUser() {
  const { session: words, account } = text.value;
  const leave = () => {
    if (totals.peek().active + totals.peek().paused > 0) dialog.value = { kind: "leave" };
    else signOut().catch((error) => notify({ tone: "failed", message: failureText(error) }));
  };
  return (
    <span class="who">
      <button
        type="button"
        class="quiet user"
        title={account.signedInAs(me.value?.username ?? "")}
        onClick={() => {
          dialog.value = { kind: "account" };
        }}
      >
        <Icon name="user" />
        <span class="visually-hidden">{account.title}: </span>
        <bdi class="wide-text">{me.value?.username}</bdi>
      </button>
      <button type="button" class="quiet" title={words.signOut} onClick={leave}>
        <Icon name="exit" />
        <span class="wide-text">{words.signOut}</span>
      </button>
    </span>
  );
}
