// Addresses as numbers, for pages that show them: apart from `page-client.ts`, which every page loads.
export { formatIp, parseIp, parseSubnet, usableIn } from '../model/ip.ts';
