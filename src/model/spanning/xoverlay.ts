import { MTU_OPTION, type SpanDriver } from './driver.ts';

/** Inner Ethernet header, VXLAN header (RFC 7348), UDP header. */
const VXLAN_BYTES = 14 + 8 + 8;
const IP_BYTES = { 4: 20, 6: 40 } as const;
/** ESP in transport mode with AES-GCM (RFC 4303, RFC 4106): SPI and sequence number, IV, integrity check value. */
const ESP_BYTES = 8 + 8 + 16;
/** Pad length and next header; what is encrypted is padded to whole words of four bytes. */
const ESP_TRAILER = 2;

/** One VXLAN per network. */
export const xoverlay: SpanDriver = {
  name: 'xoverlay',
  numbered: true,
  subnets: 'own',
  options: {
    mtu: MTU_OPTION,
    'com.docker.network.driver.mtu': MTU_OPTION,
    encrypted: {
      values: 'true, false, or nothing for true',
      read: (value) => {
        if (['', 'true', '1'].includes(value)) return { encrypted: true };
        return ['false', '0'].includes(value) ? {} : undefined;
      },
    },
  },
  mtu: ({ mtu, family }, { encrypted }) => {
    const inner = mtu - IP_BYTES[family];
    if (encrypted !== true) return inner - VXLAN_BYTES;
    const words = inner - ESP_BYTES - ((inner - ESP_BYTES) % 4);
    return words - ESP_TRAILER - VXLAN_BYTES;
  },
  wireMtuFor: ({ mtu, encrypted }, family) => {
    const carried = mtu + VXLAN_BYTES;
    if (encrypted !== true) return carried + IP_BYTES[family];
    const words = Math.ceil((carried + ESP_TRAILER) / 4) * 4;
    return words + ESP_BYTES + IP_BYTES[family];
  },
};
