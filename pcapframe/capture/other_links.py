"""The link types of libpcap's registry that are not decoded: those that may carry IP, and those that cannot."""

__all__ = ["OF_USERS", "OTHER_NAMES", "PREFIX", "UNDECODED_LINKS", "WITHOUT_IP", "is_without_ip"]

# Headers, lines and buses that may carry IP, by number.
UNDECODED_LINKS = {
    2: "experimental Ethernet", 4: "ProNET", 5: "Chaosnet", 102: "SLIP of BSD/OS", 103: "PPP of BSD/OS",
    110: "ATM LAN emulation", 111: "HIPPI", 114: "LocalTalk", 115: "Econet", 116: "IP Filter", 118: "Cisco IOS",
    120: "802.11 with Aironet header", 121: "HiPath HDLC", 144: "IrDA", 145: "IBM SP", 146: "IBM SN",
    169: "GPRS LLC", 170: "GFP-T", 171: "GFP-F", 172: "Gcom T1/E1", 173: "Gcom serial", 174: "Juniper PIC peer",
    177: "LAPD with Linux header", 186: "USB (FreeBSD)", 187: "Bluetooth HCI", 188: "802.16", 191: "802.15.4 (Linux)",
    193: "802.16 with radiotap", 194: "Juniper ISM", 195: "802.15.4", 196: "SITA", 198: "u10 Networks",
    200: "Juniper ST", 201: "Bluetooth HCI with direction", 203: "LAPD", 207: "LAPB with direction", 208: "reserved",
    211: "MOST", 213: "X2E serial", 214: "X2E Xoraya", 215: "802.15.4 with preamble", 217: "GSMTAP Um",
    218: "GSMTAP Abis", 221: "DECT", 222: "AOS", 224: "Fibre Channel", 225: "Fibre Channel with delimiters",
    230: "802.15.4 without checksum", 232: "Juniper VS", 233: "Juniper SRX", 234: "Juniper Fibre Channel",
    236: "GSM 07.10 multiplexing", 237: "STANAG 5066", 238: "Juniper ATM CEMIC", 243: "MPEG-2 transport stream",
    244: "ng40", 247: "InfiniBand", 251: "Bluetooth LE", 254: "Bluetooth (Linux monitor)", 255: "Bluetooth BR/EDR",
    256: "Bluetooth LE with radio header", 266: "USB (macOS)", 267: "OpenFlow", 269: "TI radio sniffer",
    272: "Bluetooth LE (Nordic)", 273: "DOCSIS 3.1 (XRA-31)", 277: "Sercos monitor", 278: "OpenVizsla",
    279: "EBHSCR", 280: "VPP graph dispatch", 283: "802.15.4 TAP", 286: "ELEE", 288: "USB 2.0", 289: "ATSC ALP",
    290: "Event Tracing for Windows", 291: "netANALYZER NG", 293: "USB 2.0 low speed", 294: "USB 2.0 full speed",
    295: "USB 2.0 high speed", 296: "Auerswald log", 298: "Silicon Labs debug channel", 301: "DECT NR+",
}  # fmt: skip
# Buses, telephone signalling, machines' own channels.
WITHOUT_IP = {
    124: "RapidIO", 125: "PCI Express", 126: "Aurora", 139: "MTP2 with header", 140: "MTP2", 141: "MTP3", 142: "SCCP",
    165: "BACnet MS/TP", 184: "ARINC 429", 185: "ARINC 653", 190: "CAN 2.0B", 199: "IPMB (Kontron)",
    209: "IPMB (Linux)", 210: "FlexRay", 212: "LIN", 216: "Linux evdev", 223: "WirelessHART", 227: "SocketCAN",
    231: "D-Bus", 235: "DVB-CI", 245: "NFC LLCP", 246: "pfsync", 248: "SCTP", 250: "RTAC serial", 253: "Netlink",
    257: "PROFIBUS", 260: "IPMI HPM.2", 261: "Z-Wave R1/R2", 262: "Z-Wave R3", 263: "WattStopper DLM",
    264: "ISO 14443", 265: "RDS", 268: "SDLC", 270: "LoRaTap", 271: "vsock", 275: "DisplayPort AUX",
    287: "Z-Wave serial", 292: "ZBOSS NCP", 297: "Z-Wave TAP", 299: "FiRa UCI", 300: "MDB",
}  # fmt: skip
OTHER_NAMES = {**UNDECODED_LINKS, **WITHOUT_IP}
OF_USERS = range(147, 163)  # without a name: each means what its user says
PREFIX = "link type "


def is_without_ip(protocol: str) -> bool:
    """Whether the packets of this protocol are of a link type that carries no IP."""
    number = protocol.removeprefix(PREFIX).partition(" ")[0]
    return protocol.startswith(PREFIX) and number.isdigit() and int(number) in WITHOUT_IP
