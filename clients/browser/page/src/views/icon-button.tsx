import { Icon, type IconName } from "./icons.js";

/** A button with an icon. The label is its accessible name and its tooltip. */
export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: () => void;
  disabled?: boolean;
}) {
  const { icon, label, onClick, disabled } = props;
  return (
    <button type="button" class="icon" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
