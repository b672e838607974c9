/** The meaning of a part of a bar; decides its pattern and colour. */
export type ShareKind = "fresh" | "shared" | "used" | "reserved" | "records" | "stored";

/**
 * A bar chart of parts of a whole. Without `whole`, the parts add up to it. `label` says the same in words.
 */
export function Shares(props: {
  parts: { kind: ShareKind; value: number }[];
  whole?: number;
  label: string;
}) {
  const { parts, label } = props;
  const whole = Math.max(props.whole ?? parts.reduce((sum, { value }) => sum + value, 0), 1);
  let x = 0;
  return (
    <svg class="shares" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="whole" width="100" height="4" />
      {parts.map(({ kind, value }) => {
        // Keeps even the smallest part visible.
        const width = value === 0 ? 0 : Math.max(0.6, (Math.min(value, whole) / whole) * 100);
        const from = x;
        x += width;
        return <rect key={kind} class={kind} x={from} width={width} height="4" />;
      })}
    </svg>
  );
}
