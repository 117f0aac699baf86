#!/usr/bin/python3
"""GStreamer's end of a call: webrtcbin, with the encoders and decoders around it.

gst_peer.py offer|answer vp8|h264 SOURCE PICTURES SOUND HZ

Sends SOURCE (YUV4MPEG2) and a tone, and writes what it decodes: I420, and samples of 16 bits at 48 kHz. Descriptions
leave on the standard output and come on the standard input, each with an empty line behind it. It ends with its input.
"""

import re
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtp", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstRtp, GstSdp, GstWebRTC  # noqa: E402

CODECS = {
    "vp8": {
        "name": "VP8",
        "send": "vp8enc deadline=1 keyframe-max-dist=3000 target-bitrate=400000 "
        "! rtpvp8pay name=pay picture-id-mode=15-bit",
        "receive": "rtpvp8depay ! vp8dec",
    },
    "h264": {
        "name": "H264",
        "send": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=3000 bitrate=400 "
        "! video/x-h264,profile=constrained-baseline ! rtph264pay name=pay config-interval=-1 aggregate-mode=zero-latency",
        "receive": "rtph264depay ! h264parse ! avdec_h264",
    },
}
# One codec with feedback of each packet; the other without, as webrtcbin is unless it is told otherwise.
TWCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
HAS_FEEDBACK = {"vp8": False, "h264": True}
FREE = 96  # The payload type of who offers; who answers takes what was offered.

role, codec, source, pictures, sound, hz = sys.argv[1:]
sdp_type = GstWebRTC.WebRTCSDPType


def read_description():
    lines = []
    for line in sys.stdin:
        if line.strip():
            lines.append(line.strip())
        elif lines:
            break
    return "\r\n".join(lines) + "\r\n"


def payload_type(sdp, name, otherwise):
    found = re.search(rf"a=rtpmap:(\d+) {name}/", sdp, re.IGNORECASE)
    return int(found[1]) if found else otherwise


def extension_id(sdp):
    found = re.search(rf"a=extmap:(\d+) {re.escape(TWCC)}", sdp)
    return int(found[1]) if found else 1


class Peer:
    def __init__(self, offer):
        name = CODECS[codec]["name"]
        self.pipeline = Gst.parse_launch(
            f"webrtcbin name=peer bundle-policy=max-bundle "
            f"filesrc location={source} ! y4mdec ! clocksync ! {CODECS[codec]['send']} "
            f"! application/x-rtp,media=video,encoding-name={name},clock-rate=90000,"
            f"payload={payload_type(offer, name, FREE)} ! queue ! peer. "
            f"audiotestsrc is-live=true freq={hz} samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=1 "
            f"! opusenc ! rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,"
            f"encoding-params=(string)2,payload={payload_type(offer, 'opus', FREE + 1)} ! queue ! peer."
        )
        if HAS_FEEDBACK[codec]:
            extension = Gst.ElementFactory.make("rtphdrexttwcc")
            extension.set_id(extension_id(offer))
            self.pipeline.get_by_name("pay").emit("add-extension", extension)
        self.webrtc = self.pipeline.get_by_name("peer")
        self.webrtc.connect("pad-added", self.on_pad)
        self.webrtc.connect("notify::ice-gathering-state", self.on_gathering)

    def on_pad(self, _, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        if "media=(string)video" in pad.get_current_caps().to_string():
            text = f"{CODECS[codec]['receive']} ! videoconvert ! video/x-raw,format=I420"
            text += f" ! filesink location={pictures}"
        else:
            text = "rtpopusdepay ! opusdec ! audioconvert ! audioresample"
            text += f" ! audio/x-raw,format=S16LE,rate=48000,channels=1 ! filesink location={sound}"
        player = Gst.parse_bin_from_description(f"queue ! {text} buffer-mode=unbuffered async=false sync=false", True)
        self.pipeline.add(player)
        player.sync_state_with_parent()
        pad.link(player.get_static_pad("sink"))

    def on_gathering(self, *_):
        if self.webrtc.props.ice_gathering_state == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            print(self.webrtc.props.local_description.sdp.as_text(), flush=True)

    def set_remote(self, kind, text, then=lambda *_: None):
        _, message = GstSdp.SDPMessage.new_from_text(text)
        description = GstWebRTC.WebRTCSessionDescription.new(kind, message)
        self.webrtc.emit("set-remote-description", description, Gst.Promise.new_with_change_func(then))

    def create(self, what):
        def on_created(promise, *_):
            reply = promise.get_reply()
            if not reply.has_field(what):
                sys.exit(reply.to_string())
            self.webrtc.emit("set-local-description", reply.get_value(what), None)

        self.webrtc.emit(f"create-{what}", None, Gst.Promise.new_with_change_func(on_created))


def main():
    Gst.init(None)
    loop = GLib.MainLoop()
    offer = read_description() if role == "answer" else ""
    peer = Peer(offer)

    def on_message(_, message):
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.WARNING):
            print(*message.parse_error() if message.type == Gst.MessageType.ERROR else message.parse_warning(),
                  file=sys.stderr)

    def listen():
        if role == "offer":
            peer.set_remote(sdp_type.ANSWER, read_description())
        for _ in sys.stdin:
            pass
        loop.quit()

    peer.pipeline.get_bus().add_signal_watch()
    peer.pipeline.get_bus().connect("message", on_message)
    peer.pipeline.set_state(Gst.State.PLAYING)
    if role == "offer":
        peer.webrtc.connect("on-negotiation-needed", lambda _: peer.create("offer"))
    else:
        peer.set_remote(sdp_type.OFFER, offer, lambda *_: peer.create("answer"))
    threading.Thread(target=listen, daemon=True).start()
    loop.run()
    peer.pipeline.set_state(Gst.State.NULL)


main()
