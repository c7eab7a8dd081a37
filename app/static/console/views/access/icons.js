/** Icons of the access, for `addIcons`. */

export const icons = {
  access: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3M12 15v2",
  globe: "M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
};
