/** Icons of the assistants, for `addIcons`. */

export const icons = {
  assistants:
    "M7 8h10a3 3 0 0 1 3 3v5a3 3 0 0 1 -3 3H7a3 3 0 0 1 -3 -3v-5a3 3 0 0 1 3 -3zM12 8V4M9 13v1"
      + "M15 13v1",
};
