"""A participant written from the wire reference alone, in another language and with another ZooKeeper client.

It behaves as clients of other languages do: its session id is decimal, it knows no batch messages, it marks a message as
read before it acts, and it writes the state and deletes the message one after the other.

Usage: participant.py HOST:PORT CLUSTER INSTANCE
"""

import json
import os
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError, NodeExistsError


def record(identity, simple=None, maps=None):
    return {"id": identity, "simpleFields": simple or {}, "listFields": {}, "mapFields": maps or {}}


def encode(value):
    return json.dumps(value, indent=2).encode()


class Participant:
    def __init__(self, hosts, cluster, instance):
        self.zk = KazooClient(hosts=hosts, timeout=2.0)
        self.cluster = cluster
        self.instance = instance
        self.home = f"/{cluster}/INSTANCES/{instance}"
        self.states = {}
        self.changed = threading.Event()

    def join(self):
        self.zk.start()
        self.session = str(self.zk.client_id[0])
        self.current_states = f"{self.home}/CURRENTSTATES/{self.session}"
        self.zk.ensure_path(self.current_states)
        live = record(
            self.instance,
            {
                "SESSION_ID": self.session,
                "HELIX_VERSION": "foreign-0.1",
                "LIVE_INSTANCE": f"{os.getpid()}@localhost",
            },
        )
        path = f"/{self.cluster}/LIVEINSTANCES/{self.instance}"
        while True:
            try:
                self.zk.create(path, encode(live), ephemeral=True)
                break
            except NodeExistsError:
                # The node of an earlier life, until its session expires.
                gone = threading.Event()
                if self.zk.exists(path, watch=lambda event: gone.set()):
                    gone.wait()
        self.zk.ChildrenWatch(f"{self.home}/MESSAGES", lambda children: self.changed.set())
        print("joined", flush=True)

    def run(self):
        while True:
            self.changed.wait()
            self.changed.clear()
            messages = []
            for identity in self.zk.get_children(f"{self.home}/MESSAGES"):
                try:
                    data, stat = self.zk.get(f"{self.home}/MESSAGES/{identity}")
                    messages.append((stat.czxid, identity, json.loads(data)))
                except NoNodeError:
                    continue
            for _, identity, message in sorted(messages, key=lambda entry: entry[:2]):
                self.handle(identity, message)

    def handle(self, identity, message):
        path = f"{self.home}/MESSAGES/{identity}"
        fields = message["simpleFields"]
        if fields["MSG_TYPE"] == "NO_OP" or fields.get("TGT_SESSION_ID") not in (self.session, "*"):
            self.zk.delete(path)
            return
        if fields["MSG_TYPE"] != "STATE_TRANSITION" or fields["MSG_STATE"].lower() != "new":
            return
        fields["MSG_STATE"] = "read"
        fields["READ_TIMESTAMP"] = str(int(time.time() * 1000))
        fields["EXE_SESSION_ID"] = self.session
        self.zk.set(path, encode(message))
        self.transition(fields)
        self.zk.delete(path)

    def transition(self, fields):
        resource, partition = fields["RESOURCE_NAME"], fields["PARTITION_NAME"]
        path = f"{self.current_states}/{resource}"
        if resource not in self.states:
            self.states[resource] = record(
                resource, {"SESSION_ID": self.session, "STATE_MODEL_DEF": fields["STATE_MODEL_DEF"]}
            )
            self.zk.create(path, encode(self.states[resource]))
        partitions = self.states[resource]["mapFields"]
        current = partitions.get(partition, {}).get("CURRENT_STATE", "OFFLINE")
        if current != fields["FROM_STATE"]:
            print(f"refused {partition} {fields['FROM_STATE']}-{fields['TO_STATE']} in {current}", flush=True)
            return
        if fields["TO_STATE"] == "DROPPED":
            partitions.pop(partition, None)
        else:
            partitions[partition] = {"CURRENT_STATE": fields["TO_STATE"]}
        self.zk.set(path, encode(self.states[resource]))
        print(f"{partition} {fields['FROM_STATE']}-{fields['TO_STATE']}", flush=True)


if __name__ == "__main__":
    participant = Participant(*sys.argv[1:4])
    participant.join()
    participant.run()
