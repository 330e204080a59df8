"""What programs do with python3-docker, one function each: python3 python_client.py FUNCTION"""
import io
import os
import sys
import tarfile
import threading
import time

import docker

client = docker.from_env()
tag = "cf-py-%d" % os.getpid()
FOREVER = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]


def alive(**more):
    return client.containers.run("busybox", FOREVER, detach=True, labels={"cf": tag}, **more)


def system():
    assert client.ping()
    assert "berth" in client.version()["Version"]
    assert client.info()["Containers"] >= 0
    assert "Images" in client.df()


def run():
    assert client.containers.run("busybox", "echo hello", remove=True) == b"hello\n"
    try:
        client.containers.run("busybox", "sh -c 'exit 3'", labels={"cf": tag})
    except docker.errors.ContainerError as error:
        assert error.exit_status == 3
    else:
        raise AssertionError("exit 3 is an error")


def life():
    one = client.containers.create("busybox", FOREVER, name=tag, labels={"cf": tag})
    assert one.status == "created"
    for act, status in [("start", "running"), ("pause", "paused"), ("unpause", "running"), ("restart", "running"),
                        ("stop", "exited"), ("start", "running"), ("kill", "exited")]:
        getattr(one, act)()
        if act == "kill":
            assert one.wait()["StatusCode"] == 137
        one.reload()
        assert one.status == status, (act, one.status)
    one.rename(tag + "-new")
    assert client.containers.get(tag + "-new").id == one.id
    one.remove()


def lists():
    one = alive(name=tag)
    assert [each.id for each in client.containers.list(filters={"label": "cf=" + tag})] == [one.id]
    assert client.containers.get(tag).name == tag
    assert one.attrs["Node"]["Name"] in ("h1", "h2", "h3")
    one.stop()
    pruned = client.containers.prune(filters={"label": "cf=" + tag})
    assert pruned["ContainersDeleted"] == [one.id]


def logs():
    one = client.containers.run("busybox", "sh -c 'for i in 1 2 3; do echo $i; sleep 0.1; done'", detach=True,
                                labels={"cf": tag})
    assert b"".join(one.logs(stream=True, follow=True)) == b"1\n2\n3\n"
    assert one.logs(tail=1) == b"3\n"


def execute():
    one = alive()
    code, (out, err) = one.exec_run(["sh", "-c", "echo o; echo e >&2; exit 4"], demux=True)
    assert (code, out, err) == (4, b"o\n", b"e\n")
    code, out = one.exec_run(["tty"], tty=True)
    assert b"/dev/pts" in out


def attach():
    one = client.containers.create("busybox", ["sh", "-c", "read x; echo got $x"], stdin_open=True, tty=True,
                                   labels={"cf": tag})
    socket = one.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    one.start()
    socket._sock.sendall(b"word\n")
    one.wait()
    assert b"got word" in one.logs()
    socket.close()


def archive():
    one = alive()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("word")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"there"))
    assert one.put_archive("/tmp", buffer.getvalue())
    bits, stat = one.get_archive("/tmp/word")
    assert stat["size"] == 5
    with tarfile.open(fileobj=io.BytesIO(b"".join(bits))) as tar:
        assert tar.extractfile("word").read() == b"there"


def look():
    one = alive()
    assert one.stats(stream=False)["id"] == one.id
    assert any("sleep" in " ".join(row) or "sh" in " ".join(row) for row in one.top()["Processes"])
    one.exec_run(["touch", "/new"])
    assert {"Path": "/new", "Kind": 1} in one.diff()
    assert sum(len(part) for part in one.export()) > 1000000
    image = one.commit(tag)
    client.images.remove(image.id, force=True)


def images():
    dockerfile = io.BytesIO(("FROM busybox\nLABEL cf=%s\n" % tag).encode())
    image, _ = client.images.build(fileobj=dockerfile, tag=tag + ":1", rm=True)
    assert image.tag(tag, "2")
    assert client.images.get(tag + ":2").id == image.id
    assert [each.id for each in client.images.list(filters={"label": "cf=" + tag})] == [image.id]
    saved = b"".join(image.save(named=True))
    client.images.remove(image.id, force=True)
    [loaded] = client.images.load(saved)
    assert loaded.id == image.id
    client.images.remove(image.id, force=True)


def networks():
    network = client.networks.create(tag, labels={"cf": tag})
    one = alive()
    network.connect(one)
    network.reload()
    assert [each.id for each in network.containers] == [one.id]
    network.disconnect(one)
    network.remove()


def volumes():
    client.volumes.create(tag, labels={"cf": tag})
    assert client.volumes.get(tag).name == tag
    assert [each.name for each in client.volumes.list(filters={"label": "cf=" + tag})] == [tag]
    client.containers.run("busybox", "touch /data/x", volumes={tag: {"bind": "/data"}}, remove=True)
    client.volumes.get(tag).remove()


def events():
    seen = []
    stream = client.events(decode=True, filters={"label": "cf=" + tag})
    reader = threading.Thread(target=lambda: seen.extend(stream), daemon=True)
    reader.start()
    time.sleep(0.3)
    one = alive()
    end = time.time() + 60
    while time.time() < end and "start" not in [event["Action"] for event in seen]:
        time.sleep(0.1)
    assert [event["Action"] for event in seen if event["id"] == one.id][:2] == ["create", "start"], seen
    stream.close()


def errors():
    for call in (client.containers.get, client.images.get, client.networks.get, client.volumes.get):
        try:
            call("no-such-thing")
        except docker.errors.NotFound:
            continue
        raise AssertionError("%s found it" % call)
    alive(name=tag)
    try:
        alive(name=tag)
    except docker.errors.APIError as error:
        assert error.status_code == 409
    else:
        raise AssertionError("two of one name")


try:
    globals()[sys.argv[1]]()
finally:
    for left in client.containers.list(all=True, filters={"label": "cf=" + tag}):
        left.remove(force=True, v=True)
