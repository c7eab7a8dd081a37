/** Icons of the actions, for `addIcons`. */

export const icons = {
  actions: "M13 3L5 14h6l-1 7 8-11h-6z",
};
