import { useId, useState } from "preact/hooks";
import { text } from "../i18n/index.js";
import { SEARCH_WAYS, type SearchWay } from "../paths.js";
import { recognise } from "../search.js";
import { goTo, place } from "../state/location.js";
import { focusSoon } from "./focus.js";
import { IconButton } from "./icon-button.js";
import { Icon } from "./icons.js";

/** The search: by how a name begins, by what it holds of what is loaded, or by a hash, which is recognised by itself. */
export function SearchForm() {
  const { search } = text.value;
  const [find, setFind] = useState(place.value.find);
  const [way, setWay] = useState<SearchWay>(place.value.way);
  const id = useId();
  const { kind } = recognise(find);
  const byHash = kind === "sha256" || kind === "sha1";
  const submit = (event: Event) => {
    event.preventDefault();
    goTo({ find, way });
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
          {search.way}
        </label>
        <select
          id={`${id}w`}
          value={way}
          disabled={byHash}
          onChange={(event) =>
            setWay(SEARCH_WAYS.find((known) => known === event.currentTarget.value) ?? "folder")
          }
        >
          {SEARCH_WAYS.map((known) => (
            <option key={known} value={known}>
              {search[known]}
            </option>
          ))}
        </select>
        <button type="submit">
          <Icon name="search" />
          {search.go}
        </button>
        {place.value.find !== "" && (
          <IconButton icon="close" label={search.clear} onClick={() => goTo({ find: "" })} />
        )}
      </form>
      <p id={`${id}h`} class="hint" role="status">
        {byHash && search[kind]}
      </p>
    </search>
  );
}
