import { useId, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { SEARCH_SCOPES, type SearchScope } from "../paths.js";
import { recognise } from "../search.js";
import { goTo, folderView } from "../state/location.js";
import { focusSoon } from "./focus.js";
import { IconButton } from "./icon-button.js";
import { Icon } from "./icons.js";

/**
 * Searches by the start of a name, by a text within loaded names, or by a hash, which is recognised
 * automatically.
 */
export function SearchForm() {
  const { search } = text.value;
  const [find, setFind] = useState(folderView.value.find);
  const [scope, setScope] = useState<SearchScope>(folderView.value.scope);
  const id = useId();
  const { kind } = recognise(find);
  const byHash = kind === "sha256" || kind === "sha1";
  const submit = (event: Event) => {
    event.preventDefault();
    goTo({ find, scope });
    focusSoon("#files");
  };
  return (
    <search>
      <form class="search" onSubmit={submit}>
        <label class="visually-hidden" htmlFor={`${id}f`}>
          {search.label}
        </label>
        <input
          id={`${id}f`}
          type="search"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          placeholder={search.placeholder}
          value={find}
          aria-describedby={`${id}h`}
          onInput={(event) => setFind(event.currentTarget.value)}
        />
        <label class="visually-hidden" htmlFor={`${id}w`}>
          {search.scope}
        </label>
        <select
          id={`${id}w`}
          value={scope}
          disabled={byHash}
          onChange={(event) =>
            setScope(SEARCH_SCOPES.find((candidate) => candidate === event.currentTarget.value) ?? "folder")
          }
        >
          {SEARCH_SCOPES.map((option) => (
            <option key={option} value={option}>
              {search[option]}
            </option>
          ))}
        </select>
        <button type="submit">
          <Icon name="search" />
          {search.go}
        </button>
        {folderView.value.find !== "" && (
          <IconButton icon="close" label={search.clear} onClick={() => goTo({ find: "" })} />
        )}
      </form>
      <p id={`${id}h`} class="hint" role="status">
        {byHash && search[kind]}
      </p>
    </search>
  );
}
