#!/usr/bin/python3
"""aiortc's end of a call, with PyAV's encoders and decoders.

aiortc_peer.py offer|answer vp8 SOURCE PICTURES SOUND HZ

What it does is what gst_peer.py does.
"""

import asyncio
import sys

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamError

role, codec, source, pictures, sound, hz = sys.argv[1:]


def read_description():
    lines = []
    for line in sys.stdin:
        if line.strip():
            lines.append(line.strip())
        elif lines:
            break
    return "\r\n".join(lines) + "\r\n"


async def write(track):
    mono = av.AudioResampler(format="s16", layout="mono", rate=48000)
    with open(pictures if track.kind == "video" else sound, "wb", buffering=0) as file:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            frames = [frame] if track.kind == "video" else mono.resample(frame)
            for one in frames:
                file.write(one.to_ndarray(**({"format": "yuv420p"} if track.kind == "video" else {})).tobytes())


async def main():
    loop = asyncio.get_running_loop()
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    writers = []
    connection.on("track", lambda track: writers.append(asyncio.ensure_future(write(track))))
    tone = MediaPlayer(f"sine=frequency={hz}:sample_rate=48000", format="lavfi")
    film = MediaPlayer(source)
    if role == "answer":
        offer = await loop.run_in_executor(None, read_description)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    connection.addTrack(tone.audio)
    connection.addTrack(film.video)
    ours = await (connection.createOffer() if role == "offer" else connection.createAnswer())
    await connection.setLocalDescription(ours)
    print(connection.localDescription.sdp, flush=True)
    if role == "offer":
        answer = await loop.run_in_executor(None, read_description)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await loop.run_in_executor(None, sys.stdin.read)
    await connection.close()


asyncio.run(main())
