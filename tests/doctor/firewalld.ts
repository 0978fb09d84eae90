import type { Host } from "./namespaces.ts";

/** Whoever asks on this bus is root: it is for one machine of a test alone. */
function busConfiguration(folder: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${folder}</servicedir>
  <policy context="default">
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>`;
}

const SERVICE = `[D-BUS Service]
Name=org.fedoraproject.FirewallD1
Exec=/usr/sbin/firewalld --nofork --nopid
`;

/** Runs a firewalld in a namespace, with a configuration and a bus of its own. It ends with the namespace. */
export async function startFirewalld(host: Host): Promise<AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "cosftp-firewalld-" });
  resources.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.writeTextFile(`${folder}/bus.conf`, busConfiguration(folder));
  await Deno.writeTextFile(`${folder}/firewalld.service`, SERVICE);
  await host.ownFolder("firewalld");
  host.env.DBUS_SYSTEM_BUS_ADDRESS = `unix:path=${folder}/bus`;
  const bus = `dbus-daemon --nofork --print-address --config-file=${folder}/bus.conf`;
  await host.start(bus.split(" ")).hasSaid(/unix:path/);
  // Answered once it has the name.
  await host.paste([
    "dbus-send --system --print-reply --dest=org.freedesktop.DBus / " +
    "org.freedesktop.DBus.StartServiceByName string:org.fedoraproject.FirewallD1 uint32:0",
  ]);
  return resources.move();
}
