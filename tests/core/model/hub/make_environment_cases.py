"""Writes environment_cases.json: what huggingface_hub takes from the environment, for the cases below.

Run it with a Python that has huggingface_hub (made with 2.4.0). "{ROOT}" stands for a folder with files
home/.cache/huggingface/token, elsewhere/token and other/token, whose content is their path's first part.
"""
import json, os, subprocess, sys, tempfile

CASES = [
    ("nothing is set", {}),
    ("XDG_CACHE_HOME moves everything", {"XDG_CACHE_HOME": "{ROOT}/xdg"}),
    ("an empty XDG_CACHE_HOME counts", {"XDG_CACHE_HOME": ""}),
    ("HF_HOME goes before XDG_CACHE_HOME", {"HF_HOME": "{ROOT}/elsewhere", "XDG_CACHE_HOME": "{ROOT}/xdg"}),
    ("HF_HOME with a slash at its end", {"HF_HOME": "{ROOT}/elsewhere/"}),
    ("HF_HOME with a tilde", {"HF_HOME": "~/hf"}),
    ("HF_HOME with a variable", {"HF_HOME": "$WHERE/hf", "WHERE": "{ROOT}/there"}),
    ("HF_HOME with a variable in braces", {"HF_HOME": "${WHERE}er/hf", "WHERE": "{ROOT}/th"}),
    ("HF_HOME with a variable that is not set", {"HF_HOME": "{ROOT}/$NOT_SET/hf"}),
    ("HF_HOME that is relative", {"HF_HOME": "hf"}),
    ("an empty HF_HOME counts", {"HF_HOME": ""}),
    ("a tilde in XDG_CACHE_HOME", {"XDG_CACHE_HOME": "~/caches"}),
    ("HUGGINGFACE_HUB_CACHE goes before HF_HOME", {"HUGGINGFACE_HUB_CACHE": "{ROOT}/old", "HF_HOME": "{ROOT}/elsewhere"}),
    ("HF_HUB_CACHE goes before HUGGINGFACE_HUB_CACHE", {"HF_HUB_CACHE": "{ROOT}/new", "HUGGINGFACE_HUB_CACHE": "{ROOT}/old"}),
    ("HF_HUB_CACHE with a tilde and a variable", {"HF_HUB_CACHE": "~/$WHERE/new", "WHERE": "a b"}),
    ("HUGGINGFACE_HUB_CACHE with a tilde", {"HUGGINGFACE_HUB_CACHE": "~/old"}),
    ("a tilde that is not at the beginning", {"HF_HUB_CACHE": "{ROOT}/~/new"}),
    ("a dollar without a name", {"HF_HUB_CACHE": "{ROOT}/a$/b${/c"}),
    ("a home that is the root", {"HOME": "/"}),
    ("a home with a slash at its end", {"HOME": "{ROOT}/home/"}),
    ("HF_TOKEN", {"HF_TOKEN": "hf_new"}),
    ("HF_TOKEN goes before the older name", {"HF_TOKEN": "hf_new", "HUGGING_FACE_HUB_TOKEN": "hf_old"}),
    ("the older name goes before the file", {"HUGGING_FACE_HUB_TOKEN": "hf_old", "HF_HOME": "{ROOT}/elsewhere"}),
    ("an empty HF_TOKEN gives way", {"HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "hf_old"}),
    ("an HF_TOKEN of blanks hides the older name", {"HF_TOKEN": "  ", "HUGGING_FACE_HUB_TOKEN": "hf_old", "HF_HOME": "{ROOT}/elsewhere"}),
    ("line ends and blanks around a token", {"HF_TOKEN": " hf_new\r\n"}),
    ("HF_TOKEN_PATH", {"HF_TOKEN_PATH": "{ROOT}/other/token", "HF_HOME": "{ROOT}/elsewhere"}),
    ("HF_TOKEN_PATH with a tilde", {"HF_TOKEN_PATH": "~/.cache/huggingface/token"}),
    ("HF_TOKEN_PATH that leads nowhere", {"HF_TOKEN_PATH": "{ROOT}/none"}),
    ("no token is sent by itself", {"HF_TOKEN": "hf_new", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}),
    ("a token is sent after all", {"HF_TOKEN": "hf_new", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0"}),
    ("HF_ENDPOINT", {"HF_ENDPOINT": "http://127.0.0.1:8080"}),
    ("HF_ENDPOINT with slashes at its end", {"HF_ENDPOINT": "https://mirror.example/hf//"}),
    ("HF_HUB_OFFLINE=1", {"HF_HUB_OFFLINE": "1"}),
    ("HF_HUB_OFFLINE=on", {"HF_HUB_OFFLINE": "on"}),
    ("HF_HUB_OFFLINE=Yes", {"HF_HUB_OFFLINE": "Yes"}),
    ("HF_HUB_OFFLINE=true", {"HF_HUB_OFFLINE": "true"}),
    ("HF_HUB_OFFLINE=2 is no yes", {"HF_HUB_OFFLINE": "2"}),
    ("TRANSFORMERS_OFFLINE", {"TRANSFORMERS_OFFLINE": "1"}),
    ("HF_HUB_OFFLINE=0 goes before TRANSFORMERS_OFFLINE", {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"}),
    ("an empty HF_HUB_OFFLINE gives way", {"HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "TRUE"}),
    ("no links", {"HF_HUB_DISABLE_SYMLINKS": "TRUE"}),
    ("links after all", {"HF_HUB_DISABLE_SYMLINKS": "no"}),
    ("timeouts", {"HF_HUB_ETAG_TIMEOUT": "3", "HF_HUB_DOWNLOAD_TIMEOUT": "120"}),
    ("timeouts of zero are the default", {"HF_HUB_ETAG_TIMEOUT": "0", "HF_HUB_DOWNLOAD_TIMEOUT": "0"}),
    ("a timeout with blanks", {"HF_HUB_ETAG_TIMEOUT": " 7 "}),
    ("DO_NOT_TRACK", {"DO_NOT_TRACK": "1"}),
    ("HF_HUB_DISABLE_TELEMETRY", {"HF_HUB_DISABLE_TELEMETRY": "yes"}),
    ("DISABLE_TELEMETRY", {"DISABLE_TELEMETRY": "on"}),
    ("DO_NOT_TRACK=0", {"DO_NOT_TRACK": "0"}),
    ("NO_COLOR changes nothing here", {"NO_COLOR": "1"}),
]

PROBE = """
import json
from huggingface_hub import constants as c
from huggingface_hub.utils._headers import get_token_to_send
print(json.dumps({"cache": c.HF_HUB_CACHE, "token": get_token_to_send(None) or "", "endpoint": c.ENDPOINT,
    "offline": c.HF_HUB_OFFLINE, "links": not c.HF_HUB_DISABLE_SYMLINKS, "anonymous": c.HF_HUB_DISABLE_TELEMETRY,
    "answer_timeout": c.HF_HUB_ETAG_TIMEOUT, "data_timeout": c.HF_HUB_DOWNLOAD_TIMEOUT}))
"""


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as root:
        for folder in ("home/.cache/huggingface", "elsewhere", "other"):
            os.makedirs(os.path.join(root, folder))
            with open(os.path.join(root, folder, "token"), "w") as file:
                file.write("hf_" + folder.split("/")[0] + "\n")
        cases = []
        for name, variables in CASES:
            given = {"HOME": "{ROOT}/home", **variables}
            environment = {key: value.replace("{ROOT}", root) for key, value in given.items()}
            out = subprocess.run([sys.executable, "-c", PROBE], env={"PATH": "/usr/bin", **environment},
                                 capture_output=True, text=True, check=True).stdout
            cases.append({"name": name, "variables": given, "expected": json.loads(out.replace(root, "{ROOT}"))})
    with open(os.path.join(here, "environment_cases.json"), "w") as file:
        file.write("[\n" + ",\n".join(" " + json.dumps(case) for case in cases) + "\n]\n")


main()
